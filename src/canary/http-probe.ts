import type { Action } from './judge.ts'
import {
  accepted,
  headersFor,
  judgeError,
  judgeStatus,
  NotAccepted,
  repeat,
  type Probe,
  type ProbeOptions,
  type Settled,
} from './probe.ts'

/** Requests that may wait for their answers at once; beyond it none is begun. */
const MAX_OPEN = 64
/** Of a body that is longer the rest is not fetched, at the cost of the connection. */
const MAX_BODY_BYTES = 262_144

/**
 * A request each time, begun at a steady rate whether or not the one before was answered: a slow
 * path is watched as closely as a quick one.
 */
export function httpProbe(options: ProbeOptions): Probe {
  const { path, everyMs, clock } = options
  const actions: Action[] = []
  const open = new Set<Promise<unknown>>()
  let stopTicking = (): void => undefined

  async function act(): Promise<Settled> {
    const atMs = clock.monotonicMs()
    const settled = await ask(options)
    actions.push({ atMs, settledMs: clock.monotonicMs(), ...settled })
    return settled
  }
  return {
    async start() {
      const first = await act()
      if (first.outcome !== accepted.outcome) throw new NotAccepted(first.why)
      stopTicking = repeat(clock, everyMs, () => {
        if (open.size >= MAX_OPEN) return
        const one = act().finally(() => open.delete(one))
        open.add(one)
      })
    },
    async stop() {
      stopTicking()
      await Promise.all(open)
      return actions
    },
  }

  async function ask({ timeoutMs }: ProbeOptions): Promise<Settled> {
    try {
      const response = await fetch(path.url, {
        headers: { ...headersFor(options), accept: '*/*' },
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      })
      const settled = judgeStatus(response.status, path)
      // Read, so that the connection serves the next one as well, as people's do.
      await drain(response)
      return settled
    } catch (error) {
      return judgeError(error)
    }
  }
}

/** The status decides: a failure while the body is read says nothing about the token. */
async function drain({ body }: Response): Promise<void> {
  if (body === null) return
  let bytes = 0
  try {
    for await (const chunk of body) {
      bytes += chunk.byteLength
      if (bytes > MAX_BODY_BYTES) return
    }
  } catch {
    return
  }
}
