import { imagesOf, type Images } from '@joinleaf/testcontainers';

/** The images that scripts/test-containers.mjs builds before it starts these tests. */
export const images: Images = imagesOf('joinleaf', process.env.JOINLEAF_TEST_IMAGES ?? 'test');
