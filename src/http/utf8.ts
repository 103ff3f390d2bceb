const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * Decodes UTF-8.
 *
 * @throws {TypeError} Where the bytes are anything else.
 */
export function readUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}
