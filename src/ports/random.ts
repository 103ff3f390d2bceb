/** Randomness as a parameter. Production uses the operating system's generator. */
export interface Random {
  bytes(length: number): Uint8Array
}
