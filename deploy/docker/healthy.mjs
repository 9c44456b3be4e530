// Docker runs this inside a container, to learn whether its service is ready for work. What it prints is
// kept with the container: `docker inspect` shows why it was not.
const ready = `http://127.0.0.1:${process.env.JOINLEAF_HTTP_PORT}/health/ready`;

try {
  const answer = await fetch(ready);
  process.stdout.write(await answer.text());
  process.exit(answer.ok ? 0 : 1);
} catch (error) {
  process.stdout.write(`${ready}: ${error.cause?.message ?? error.message}`);
  process.exit(1);
}
