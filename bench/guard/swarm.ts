/**
 * Many guards in one process: following one feed together, as one application's do, or each with a
 * connection of its own, as those of as many services would.
 */
import { createGuard, type Guard } from '../../src/guard/index.ts'
import { answerTasks } from '../http/child.ts'
import { watchTasks } from '../http/watch.ts'

export interface SwarmInput {
  readonly port: number
  readonly credential: string
  readonly guards: number
  /** Whether they follow one feed together. */
  readonly shared?: boolean
}

const AT_ONCE = 25

const guards: Guard[] = []

answerTasks({ ...watchTasks(), join }, async () => {
  for (const guard of guards) guard.close()
})

/** Resolves when every guard is ready. */
async function join({ port, credential, guards: count, shared }: SwarmInput): Promise<void> {
  const server = `http://127.0.0.1:${String(port)}`
  while (guards.length < count) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - guards.length) }, (_, index) => {
      // Guards of one name share.
      const name = shared === true ? 'bench' : `bench-${String(guards.length + index)}`
      return createGuard({ server, credential, name })
    })
    guards.push(...some)
    await Promise.all(some.map((guard) => guard.ready()))
  }
}
