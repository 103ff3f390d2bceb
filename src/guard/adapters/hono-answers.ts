/** Ends Hono's answers where there is nothing but web standards: Bun, Deno, workers. */
import type { TokenClaims } from '../../verifier/claims.ts'
import type { Guard } from '../options.ts'

/** Turns of the microtask queue within which a body that was whole from the start has been read. */
const turnsOfWhole = 8

/** Words and no error: Bun and Deno print what ends a body, an error with all of its stack. */
const brokenOff = 'An answer was broken off: its token has been revoked'

type Piece = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>

/**
 * The same answer, whose body ends when what the claims name is revoked. A `Body` does not tell
 * whether it is still being written. So it is read: what is complete at once is passed on whole,
 * and everything else is watched. An event stream ends as if it were over, and its client will try
 * again; anything else breaks off, so that no client takes a part for the whole.
 */
export async function endingAnswer(
  guard: Guard,
  claims: TokenClaims,
  answer: Response,
): Promise<Response> {
  const { body } = answer
  if (!body) return answer
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader()
  const first = reader.read()
  const second = (await soon(first))?.done === false ? reader.read() : undefined
  const piece = await soon(first)
  if (piece?.done) return new Response(null, answer)
  if (second && (await soon(second))?.done)
    return new Response(piece?.value as Uint8Array<ArrayBuffer>, answer)
  const isEventStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true
  return new Response(watched(guard, claims, reader, [first, second], isEventStream), answer)
}

function watched(
  guard: Guard,
  claims: TokenClaims,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  begun: (Promise<Piece> | undefined)[],
  isEventStream: boolean,
): ReadableStream<Uint8Array> {
  const pieces = begun.filter((piece) => piece !== undefined)
  let unwatch = (): void => undefined
  let ended = false
  return new ReadableStream<Uint8Array>({
    start(controller) {
      unwatch = guard.watch(claims, () => {
        ended = true
        if (isEventStream) controller.close()
        else controller.error(brokenOff)
        cancel(reader)
      })
    },
    async pull(controller) {
      try {
        const { done, value } = await (pieces.shift() ?? reader.read())
        if (ended) return
        if (!done) return controller.enqueue(value)
        controller.close()
      } catch (error) {
        if (!ended) controller.error(error)
      }
      unwatch()
    },
    cancel(reason) {
      unwatch()
      return reader.cancel(reason)
    },
  })
}

/** Tells the writer of the body that it is no longer read. Its errors are its own. */
function cancel(reader: ReadableStreamDefaultReader<Uint8Array>): void {
  reader.cancel(brokenOff).catch(() => undefined)
}

/** What a promise holds already; undefined where it has to be waited for, or was rejected. */
async function soon(promise: Promise<Piece>): Promise<Piece | undefined> {
  let result: Piece | undefined
  promise.then(
    (piece) => (result = piece),
    () => undefined,
  )
  for (let turn = 0; turn < turnsOfWhole && !result; turn++) await Promise.resolve()
  return result
}
