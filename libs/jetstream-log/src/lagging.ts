/** The longest that a new leader was seen to answer from less than it had acknowledged, twice over. */
export const laggingMs = 10_000;
