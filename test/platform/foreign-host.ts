// A second server that stands for somebody else's host: redirects lead there, and it notes what arrives.
// It must never be sent a token; a test asserts that with `authorizationsSeen`.

export interface ForeignHost {
  readonly origin: string;
  readonly requestsSeen: number;
  /** How many requests carried an Authorization header. */
  readonly authorizationsSeen: number;
}
