/** What the joining socket will do with session data: JL_SENDER_ONLY, JL_RECEIVER_ONLY, JL_BOTH. */
export type JoinFlags = 'sender-only' | 'receiver-only' | 'both';
