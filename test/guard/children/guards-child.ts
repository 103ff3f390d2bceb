/**
 * A process with several guards that follow one server: `guards-child.ts <server> <credential>`.
 * Says `ready`, and then answers what it is asked. When a watch is called it says so, and when that
 * was, on the machine's monotonic clock, which all processes share.
 */
import { createGuard, type Guard } from '../../../src/guard/index.ts'

/** What the process is asked to do with its guard of that index; `renew` is about all of them. */
export interface Demand {
  readonly guard: number
  readonly act: 'check' | 'watch' | 'close' | 'renew'
  readonly token?: string
}

export interface Ended {
  readonly ended: number
  readonly atNs: string
}

const [server = '', credential = ''] = process.argv.slice(2)
const source = { server, credential, name: 'orders' }
const makeGuards = (): readonly Guard[] => [
  createGuard(source),
  createGuard({ ...source, audience: 'directlink' }),
  createGuard({ ...source, cacheSize: 0, onStale: 'ask' }),
]
let guards = makeGuards()
await Promise.all(guards.map((guard) => guard.ready()))

process.on('message', (demand: Demand) => {
  void obey(demand).then(say)
})
say('ready')

async function obey({ guard: index, act, token }: Demand): Promise<string> {
  if (act === 'renew') {
    for (const guard of guards) guard.close()
    guards = makeGuards()
    await Promise.all(guards.map((guard) => guard.ready()))
    return 'ready'
  }
  const guard = guards[index]
  if (!guard) throw new Error('there is no such guard')
  if (act === 'close') {
    guard.close()
    return 'closed'
  }
  const verdict = await guard.check(token)
  if (!verdict.ok) return verdict.reason
  if (act === 'watch') {
    guard.watch(verdict.claims, () => {
      const ended: Ended = { ended: index, atNs: String(process.hrtime.bigint()) }
      say(ended)
    })
  }
  return 'accepted'
}

function say(what: string | Ended): void {
  process.send?.(what)
}
