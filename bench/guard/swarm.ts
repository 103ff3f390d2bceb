/** Many guards in one process, each with its own connection, as many services would have them. */
import { createGuard, type Guard } from '../../src/guard/index.ts'
import { answerTasks } from '../http/child.ts'
import { watchTasks } from '../http/watch.ts'

export interface SwarmInput {
  readonly port: number
  readonly credential: string
  readonly guards: number
}

const AT_ONCE = 25

const guards: Guard[] = []

answerTasks({ ...watchTasks(), join }, async () => {
  for (const guard of guards) guard.close()
})

/** Resolves when every guard is ready. */
async function join({ port, credential, guards: count }: SwarmInput): Promise<void> {
  while (guards.length < count) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - guards.length) }, () =>
      createGuard({ server: `http://127.0.0.1:${String(port)}`, credential, name: 'bench' }),
    )
    guards.push(...some)
    await Promise.all(some.map((guard) => guard.ready()))
  }
}
