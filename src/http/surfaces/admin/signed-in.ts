/**
 * A stream for an operator whose session may end while it runs. Asked before each piece goes out,
 * so nothing is sent behind the end of the session; the entry that ends it is itself a piece.
 */
export function whileSignedIn(
  body: AsyncIterable<Uint8Array>,
  isSignedIn: () => Promise<boolean>,
): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const pieces = body[Symbol.asyncIterator]()
      const end = async (): Promise<IteratorResult<Uint8Array>> => {
        await pieces.return?.()
        return { done: true, value: undefined }
      }
      return {
        async next() {
          const piece = await pieces.next()
          return piece.done === true || (await isSignedIn()) ? piece : end()
        },
        return: end,
      }
    },
  }
}
