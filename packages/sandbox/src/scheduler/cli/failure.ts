/** What `clw` ends with 1 for: one line that begins with the code. */
export class Failure extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}

/** What `clw` ends with 2 for. */
export class UsageError extends Error {}
