/**
 * Guards where names can only be hashed with a promise, as in runtimes without `node:crypto`: the
 * way to it is hidden from a process of Node.
 */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createClient } from '../../src/client/index.ts'
import { startTestServer } from '../harness.ts'
import type { Demand, Ended } from './children/guards-child.ts'

const program = fileURLToPath(new URL('children/guards-child.ts', import.meta.url))
const hidden = 'data:text/javascript,delete process.getBuiltinModule'

test(
  'a guard that hashes with promises refuses what a logout names, and ends what is open',
  { timeout: 60_000 },
  async () => {
    const server = await startTestServer({ oneNode: true })
    const child = fork(program, [server.url, 'outright-demo-guard'], {
      execArgv: ['--import', hidden],
    })
    const hear = async (): Promise<unknown> => (await once(child, 'message'))[0] as unknown
    const ask = (demand: Demand): Promise<unknown> => {
      const answer = hear()
      child.send(demand)
      return answer
    }
    try {
      assert.equal(await hear(), 'ready')
      const client = createClient({ server: server.url, token: 'outright-demo-admin' })
      for (const scope of ['token', 'session', 'subject', 'client', 'grant', 'device'] as const) {
        const { session, access } = await server.core.openSession({
          subjectId: 'maria',
          clientId: 'directlink',
          deviceKey: 'phone',
          dialect: 'directlink',
          audience: 'directlink',
          accessLifetimeMs: 600_000,
        })
        const { token, jti } = access
        assert.equal(await ask({ guard: 0, act: 'watch', token }), 'accepted', scope)
        assert.equal(await ask({ guard: 1, act: 'check', token }), 'accepted', scope)
        const keys = {
          token: jti,
          session: session.sid,
          subject: 'maria',
          client: 'directlink',
          grant: 'directlink maria',
          device: 'phone',
        }
        const ended = hear() as Promise<Ended>
        await client.revoke({ scope, key: keys[scope] })
        assert.equal((await ended).ended, 0, scope)
        for (const guard of [0, 1] as const) {
          assert.equal(await ask({ guard, act: 'check', token }), 'revoked', scope)
        }
      }
    } finally {
      child.kill('SIGKILL')
      await server.close()
    }
  },
)
