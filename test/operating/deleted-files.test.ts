/** The data files vanish under a running server: no caller is told that anything was stored. */
import assert from 'node:assert/strict'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { compose } from '../../src/server/compose.ts'
import { loadConfig } from '../../src/server/config.ts'
import { silentLog, systemClock, systemRandom } from '../../src/server/system.ts'
import { call } from '../harness.ts'
import { withFolder } from './doctor.ts'

test('deleted data files: logouts fail, the node is not ready and accepts nothing, with words', () =>
  withFolder(async (dataDir) => {
    const errors: string[] = []
    const config = await loadConfig(
      {},
      {
        demo: true,
        port: 0,
        dataDir,
        issuer: 'http://127.0.0.1:8080',
        passwordCost: { memoryKiB: 64, passes: 1 },
        accessLog: false,
      },
    )
    const composition = await compose(config, {
      clock: systemClock,
      random: systemRandom(),
      log: {
        ...silentLog,
        error: (fields, message) => errors.push(`${message} ${JSON.stringify(fields)}`),
      },
      otpSender: { send: () => Promise.resolve() },
    })
    const url = await composition.app.listen({ host: '127.0.0.1', port: 0 })
    const authorization = `Basic ${Buffer.from('maria:maria-demo').toString('base64')}`
    const login = await call(url, 'POST', '/directlink/v1/auth/login', {
      headers: { authorization },
    })
    const headers = { authorization: `Bearer ${(login.json() as { bearer: string }).bearer}` }
    const use = () => call(url, 'GET', '/directlink/v1/download/list', { headers })
    assert.equal((await use()).status, 200)

    for (const name of readdirSync(dataDir)) rmSync(join(dataDir, name), { recursive: true })

    const logout = await call(url, 'POST', '/directlink/v1/auth/logout', { headers })
    assert.ok(logout.status >= 500, logout.text)
    assert.equal(logout.headers['outright-revocation'], undefined)
    const ready = await call(url, 'GET', '/readyz', {})
    assert.equal(ready.status, 503)
    assert.equal(
      ready.text,
      'not ready: stopped for good, outright.db was deleted or replaced while it was in use\n',
    )
    assert.ok((await use()).status >= 500)
    assert.match((await call(url, 'GET', '/metrics', {})).text, /^outright_node_stopped\S* 1$/m)
    assert.match(errors.join('\n'), /stopped for good.*outright\.db was deleted or replaced/)
    await composition.close()
  }))
