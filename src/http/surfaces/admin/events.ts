/** `/events`: revocations as they are committed, as Server-Sent Events. */
import type { Revocation } from '../../../domain/revocation.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Names } from '../../../core/directory.ts'
import type { Revocations } from '../../../core/revocations.ts'
import type { Route } from '../../surface.ts'
import { anyText, optional, serverSentEvent, strict } from '../../schema.ts'
import { namedRevocation } from './answers.ts'
import type { AdminContext } from './declare.ts'
import { namedInLog, wireNamedRevocation } from './named.ts'
import { refuseParameter } from './problem.ts'

/** A comment line after this much silence, so that proxies keep the connection. */
const HEARTBEAT_MS = 15_000

/** Entries that are read from the log and sent at once. */
const BATCH = 500

/** Where a listener is: stream → the last sequence number that it was sent. */
type Place = Map<string, number>

/**
 * `GET /events`. Each event is named `revocation`; its data is a revocation, its id the place in
 * the log after it. `Last-Event-ID` resumes behind such a place: nothing is missed and nothing
 * comes twice. Without it the stream starts now.
 *
 * The commit only wakes the stream; what it sends it reads from the log. So a slow listener costs
 * one batch of memory, however far behind it is.
 */
export function eventRoutes({ core, clock, node, route }: AdminContext): readonly Route[] {
  return [
    route(
      {
        method: 'GET',
        path: '/events',
        id: 'events',
        tag: 'Revocations',
        role: 'viewer',
        summary: 'Revocations as they happen, as Server-Sent Events',
        description: 'Send `Last-Event-ID` to go on where a connection broke off.',
        headers: strict<{ readonly 'last-event-id'?: string }>({
          'last-event-id': optional(anyText({ description: 'The id of an event that came' })),
        }),
        responses: {
          200: {
            description: 'A stream without end; the schema is that of each event',
            type: 'text/event-stream',
            schema: serverSentEvent('revocation', namedRevocation),
          },
        },
      },
      async (call) => {
        const { revocations } = core
        const place = readPlace(call.header('last-event-id')) ?? new Map(await revocations.head())
        return {
          status: 200,
          headers: {
            'content-type': 'text/event-stream; charset=utf-8',
            // nginx would gather the events in its buffer.
            'x-accel-buffering': 'no',
          },
          body: follow(core, clock, place, node.stopping),
        }
      },
    ),
  ]
}

function readPlace(text: string | undefined): Place | undefined {
  if (text === undefined) return undefined
  const place: Place = new Map()
  for (const part of text.split(',')) {
    const [, stream = '', sequence = ''] = /^([\w.~%-]{1,200}):(\d{1,15})$/.exec(part) ?? []
    if (stream === '' || place.size >= 1000) return refusePlace()
    place.set(decodeStream(stream), Number(sequence))
  }
  return place
}

function decodeStream(stream: string): string {
  try {
    return decodeURIComponent(stream)
  } catch {
    return refusePlace()
  }
}

function refusePlace(): never {
  return refuseParameter('Last-Event-ID', 'is not an id that this server gave out')
}

function writePlace(place: Place): string {
  return [...place]
    .map(([stream, sequence]) => `${encodeURIComponent(stream)}:${String(sequence)}`)
    .join(',')
}

/**
 * The stream. Written as an iterator by hand: a generator that waits cannot be told to stop, and
 * its subscription would outlive the connection.
 */
function follow(
  { revocations: log, findNames }: Pick<AdminContext['core'], 'revocations' | 'findNames'>,
  clock: Clock,
  place: Place,
  stopping: AbortSignal,
): AsyncIterable<Uint8Array> {
  let wake: () => void = () => undefined
  let news = true
  let ended = stopping.aborted
  const unsubscribe = log.onCommitted(() => {
    news = true
    wake()
  })
  const end = (): void => {
    ended = true
    unsubscribe()
    stopping.removeEventListener('abort', end)
    wake()
  }
  stopping.addEventListener('abort', end)

  async function next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (first) return chunk(': following\n\n')
    while (!ended) {
      if (!news && !(await newsOrHeartbeat())) return chunk(': still here\n\n')
      if (ended) break
      news = false
      const entries = await readBehind(log, place)
      if (entries.length === 0) continue
      // There may be more than one batch.
      news = true
      const names = await findNames(namedInLog(entries))
      return chunk(entries.map((entry) => writeEvent(entry, place, names)).join(''))
    }
    return { done: true, value: undefined }
  }

  let first = true
  function chunk(text: string): IteratorResult<Uint8Array, undefined> {
    first = false
    return { done: false, value: Buffer.from(text) }
  }

  /** False where the silence lasted a heartbeat. */
  function newsOrHeartbeat(): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = clock.after(HEARTBEAT_MS, () => {
        resolve(false)
      })
      wake = () => {
        cancel()
        resolve(true)
      }
    })
  }

  return {
    [Symbol.asyncIterator]: () => ({
      next,
      return() {
        end()
        return Promise.resolve({ done: true, value: undefined })
      },
    }),
  }
}

/** The next entries behind a place, stream by stream. */
async function readBehind(log: Revocations, place: Place): Promise<readonly Revocation[]> {
  for (const [stream, head] of await log.head()) {
    const after = place.get(stream) ?? 0
    if (head > after) {
      const entries = await log.readStream(stream, after, BATCH)
      if (entries.length > 0) return entries
    }
  }
  return []
}

function writeEvent(entry: Revocation, place: Place, names: Names): string {
  place.set(entry.stream, entry.sequence)
  const data = JSON.stringify(wireNamedRevocation(entry, names))
  return `event: revocation\nid: ${writePlace(place)}\ndata: ${data}\n\n`
}
