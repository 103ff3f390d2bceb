/** Brings a one-time password to a person: a console in the demo, a webhook in production. */
export interface OtpSender {
  /** Resolves when the message was handed over; rejects when it could not be. */
  send(message: {
    readonly to: string
    readonly code: string
    readonly dialect: string
  }): Promise<void>
}
