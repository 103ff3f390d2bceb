/** One way to a guard, whatever carries it: a WebSocket, or the simulated network. */
export interface FeedConnection {
  /** Hands a frame over. Frames arrive whole and in this order, or the connection ends. */
  send(frame: Uint8Array): void
  /**
   * Ends the connection.
   *
   * @param code One of `closeCodes`.
   * @param reason For people; at most 100 characters, never a credential.
   */
  close(code: number, reason: string): void
  /** Bytes that were handed over and not yet written. */
  readonly bufferedBytes: number
  /** The version of the protocol that both sides agreed to speak, where they did so by name. */
  readonly version?: number
  /** Whose credential it was opened with, where credentials are asked for. */
  readonly guard?: string
  /** The guard's address, where there is one. */
  readonly address?: string
}

/** What the hub wants to be told about a connection that it accepted. */
export interface FeedConnectionEvents {
  /** A frame from the guard. */
  readonly frame: (bytes: Uint8Array) => void
  /** The connection has ended; nothing arrives any more. */
  readonly closed: () => void
}
