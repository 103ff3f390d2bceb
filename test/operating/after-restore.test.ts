/** A backup, logouts, a restore: nothing that was logged out is good again, or no caller is served. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { compose } from '../../src/server/compose.ts'
import { loadConfig, type Config } from '../../src/server/config.ts'
import { silentLog, systemClock, systemRandom } from '../../src/server/system.ts'
import { call, type Reply } from '../harness.ts'
import { until } from '../stores/until.ts'
import { outright, withFolder } from './doctor.ts'

const TOKEN = 'outright-demo-admin'

interface Served {
  readonly url: string
  stop(): Promise<void>
}

async function serve(
  dataDir: string,
  afterRestore: Config['afterRestore'] = 'refuse',
  { laterMs = 0, rate = 1 } = {},
): Promise<Served> {
  const config = await loadConfig(
    {},
    {
      demo: true,
      port: 0,
      dataDir,
      issuer: 'http://127.0.0.1:8080',
      passwordCost: { memoryKiB: 64, passes: 1 },
      accessLog: false,
      rateLimitFactor: 1_000_000,
      afterRestore,
    },
  )
  const composition = await compose(config, {
    clock: {
      nowMs: () => systemClock.nowMs() + laterMs,
      monotonicMs: () => systemClock.monotonicMs() * rate,
      after: (delayMs, act) => systemClock.after(delayMs / rate, act),
    },
    random: systemRandom(),
    log: silentLog,
    otpSender: { send: () => Promise.resolve() },
  })
  const url = await composition.app.listen({ host: '127.0.0.1', port: 0 })
  return { url, stop: () => composition.close() }
}

async function backup(server: Served, file: string): Promise<void> {
  const ran = await outright(['backup', file, '--server', server.url], {
    OUTRIGHT_ADMIN_TOKEN: TOKEN,
  })
  assert.equal(ran.code, 0, ran.err)
}

const basic = `Basic ${Buffer.from('maria:maria-demo').toString('base64')}`
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

async function logIn({ url }: Served): Promise<string> {
  const headers = { authorization: basic }
  const reply = await call(url, 'POST', '/directlink/v1/auth/login', { headers })
  return (reply.json() as { bearer: string }).bearer
}

async function logOut({ url }: Served, token: string): Promise<void> {
  const reply = await call(url, 'POST', '/directlink/v1/auth/logout', bearer(token))
  assert.equal(reply.status, 200)
}

async function use({ url }: Served, token: string): Promise<number> {
  return (await call(url, 'GET', '/directlink/v1/download/list', bearer(token))).status
}

/** A login whose refresh token outlives the access token. */
async function logInToMatar({ url }: Served): Promise<{ access: string; refresh: string }> {
  const person = { phone_number: '919999900001', name: 'Sri' }
  await call(url, 'POST', '/api/v1/login', { body: { ...person, action: 'send_otp' } })
  const reply = await call(url, 'POST', '/api/v1/login', {
    body: { ...person, action: 'submit_otp', otp: '12345' },
  })
  const { access_token: access, refresh_token: refresh } = reply.json() as Record<string, string>
  return { access: access ?? '', refresh: refresh ?? '' }
}

const refreshAt = ({ url }: Served, refresh: string): Promise<Reply> =>
  call(url, 'POST', '/api/v1/refresh', bearer(refresh))

describe('a restore over the database that was served', () => {
  test('what was logged out since the backup stays logged out', () =>
    withFolder(async (folder) => {
      const data = join(folder, 'data')
      const file = join(folder, 'backup.db')
      const before = await serve(data)
      const one = await logIn(before)
      const matar = await logInToMatar(before)
      const everyones = await logIn(before)
      await logOut(before, one)
      const two = await logIn(before)
      const kept = await logIn(before)
      await backup(before, file)
      await logOut(before, two)
      const later = await logIn(before)
      await logOut(before, later)
      assert.equal(
        (await call(before.url, 'POST', '/api/v1/logout', bearer(matar.access))).status,
        200,
      )
      const disabled = await outright(['subjects', 'disable', 'joao', '--server', before.url], {
        OUTRIGHT_ADMIN_TOKEN: TOKEN,
      })
      await before.stop()

      const restored = await outright(['restore', file, '--data', data])
      assert.equal(restored.code, 0, restored.err)
      assert.match(restored.err, /\d log entries were carried over/)
      const after = await serve(data)
      for (const token of [one, two, later]) assert.equal(await use(after, token), 401)
      assert.equal((await refreshAt(after, matar.refresh)).status, 401)
      for (const token of [kept, everyones]) assert.equal(await use(after, token), 200)
      const verified = await outright(['audit', 'verify', '--server', after.url], {
        OUTRIGHT_ADMIN_TOKEN: TOKEN,
      })
      assert.equal(verified.code, 0, verified.out + verified.err)
      assert.ok(disabled.code === 0 || disabled.code === 3)
      await after.stop()
    }))

  test('a password that was changed since the backup stays changed', () =>
    withFolder(async (folder) => {
      const data = join(folder, 'data')
      const file = join(folder, 'backup.db')
      const admin = bearer(TOKEN)
      const before = await serve(data)
      const ann = { id: 'ann', username: 'ann', password: 'the-one-before' }
      const subjects = '/outright/v1/subjects'
      await call(before.url, 'POST', subjects, { ...admin, body: ann })
      await backup(before, file)
      const body = { password: 'the-one-since' }
      const changed = await call(before.url, 'PATCH', `${subjects}/ann`, { ...admin, body })
      assert.equal(changed.status, 200)
      await before.stop()

      const restored = await outright(['restore', file, '--data', data])
      assert.equal(restored.code, 0, restored.err)
      const after = await serve(data)
      const logInWith = async (password: string): Promise<number> => {
        const authorization = `Basic ${Buffer.from(`ann:${password}`).toString('base64')}`
        const path = '/directlink/v1/auth/login'
        return (await call(after.url, 'POST', path, { headers: { authorization } })).status
      }
      assert.equal(await logInWith('the-one-before'), 401)
      assert.equal(await logInWith('the-one-since'), 200)
      await after.stop()
    }))

  test('once more, from a backup of before the first restore: still logged out', () =>
    withFolder(async (folder) => {
      const data = join(folder, 'data')
      const file = join(folder, 'backup.db')
      let server = await serve(data)
      const first = await logIn(server)
      const second = await logIn(server)
      await backup(server, file)
      await logOut(server, first)
      await server.stop()
      assert.equal((await outright(['restore', file, '--data', data])).code, 0)
      server = await serve(data)
      await logOut(server, second)
      await server.stop()
      assert.equal((await outright(['restore', file, '--data', data])).code, 0)
      server = await serve(data)
      for (const token of [first, second]) assert.equal(await use(server, token), 401)
      await server.stop()
    }))
})

describe('a backup without the database that was served', () => {
  let folder: string
  let file: string
  let early: string
  let late: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outright-restore-'))
    file = join(folder, 'backup.db')
    const origin = await serve(join(folder, 'origin'))
    early = await logIn(origin)
    await backup(origin, file)
    // Raises the counter of everyone to a value that the backup does not know, twice.
    for (const note of ['one', 'two']) {
      const args = ['logout', '--everyone', '--yes', '--note', note, '--server', origin.url]
      const ran = await outright(args, { OUTRIGHT_ADMIN_TOKEN: TOKEN })
      assert.equal(ran.code, 0, ran.err)
    }
    late = await logIn(origin)
    await logOut(origin, late)
    await origin.stop()
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const ways = {
    'restored into an empty folder': async (data: string) => {
      const restored = await outright(['restore', file, '--data', data])
      assert.equal(restored.code, 0, restored.err)
      assert.match(restored.err, /--after-restore end-everyone/)
    },
    'copied by hand': (data: string) => {
      mkdirSync(data, { recursive: true })
      copyFileSync(file, join(data, 'outright.db'))
      return Promise.resolve()
    },
    'restored over the database of another installation': async (data: string) => {
      await (await serve(data)).stop()
      assert.equal((await outright(['restore', file, '--data', data])).code, 0)
    },
  }

  for (const [what, put] of Object.entries(ways)) {
    test(`${what}: no caller is served until an operator has decided`, async () => {
      const data = join(folder, what)
      await put(data)
      await assert.rejects(serve(data), {
        name: 'ConfigError',
        message:
          /^Cannot start: this database is a backup.*--after-restore end-everyone.*accept-lost-logouts/,
      })
      await assert.rejects(serve(data), { name: 'ConfigError' })
      const ended = await serve(data, 'end-everyone')
      for (const token of [early, late]) assert.equal(await use(ended, token), 401)
      const fresh = await logIn(ended)
      assert.equal(await use(ended, fresh), 200)
      await ended.stop()
      // Decided once: from now on it is a database like any other.
      const after = await serve(data)
      assert.equal(await use(after, fresh), 200)
      for (const token of [early, late]) assert.equal(await use(after, token), 401)
      await after.stop()
    })
  }

  test('restored twice: what was logged out in between is not good again', async () => {
    const tokens: string[] = []
    for (const laterMs of [0, 5000]) {
      const data = join(folder, `twice-${String(laterMs)}`)
      assert.equal((await outright(['restore', file, '--data', data])).code, 0)
      // The first logout waits for a minute of leases of which a backup does not know.
      const ended = await serve(data, 'end-everyone', { laterMs, rate: 50 })
      for (const token of tokens) assert.equal(await use(ended, token), 401)
      const token = await logIn(ended)
      await logOut(ended, token)
      tokens.push(token)
      await ended.stop()
    }
  })

  test('an operator who knows better may accept it', async () => {
    const data = join(folder, 'accepted')
    assert.equal((await outright(['restore', file, '--data', data])).code, 0)
    const accepted = await serve(data, 'accept-lost-logouts')
    assert.equal(await use(accepted, early), 200)
    await accepted.stop()
    await (await serve(data)).stop()
  })

  test('once decided, a later restore over it asks for no other decision', async () => {
    const data = join(folder, 'decided')
    const again = join(folder, 'again.db')
    assert.equal((await outright(['restore', file, '--data', data])).code, 0)
    // The logout waits for a minute of leases of which a backup does not know.
    const decided = await serve(data, 'accept-lost-logouts', { rate: 50 })
    const token = await logIn(decided)
    await backup(decided, again)
    await logOut(decided, token)
    await decided.stop()
    const restored = await outright(['restore', again, '--data', data])
    assert.match(restored.err, /\d log entr(y was|ies were) carried over/)
    const after = await serve(data)
    assert.equal(await use(after, token), 401)
    await after.stop()
  })
})

describe('a server whose write-ahead log was deleted after kill -9', () => {
  test('does not start, or starts and has ended everyone', () =>
    withFolder(async (data) => {
      const child = fileURLToPath(new URL('../invariants/serve-child.ts', import.meta.url))
      const serving = spawn(process.execPath, [child, data], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const lines = createInterface({ input: serving.stdout })
      const [url] = (await once(lines, 'line')) as [string]
      const running: Served = { url, stop: () => Promise.resolve() }
      const ended = await logIn(running)
      const open = await logIn(running)
      // The log is folded into the file when the server is idle. What follows is not: on a slow
      // machine it might be, before the kill, so the file of before is put back.
      const file = join(data, 'outright.db')
      const folded = join(data, 'folded.db')
      await until(() => {
        copyFileSync(file, folded)
        return sessionsIn(folded) === 2
      })
      await logOut(running, ended)
      const gone = once(serving, 'exit')
      serving.kill('SIGKILL')
      await gone
      copyFileSync(folded, file)
      rmSync(folded)
      rmSync(join(data, 'outright.db-wal'))
      await assert.rejects(serve(data), { message: /logouts are missing/ })
      const server = await serve(data, 'end-everyone')
      for (const token of [ended, open]) assert.equal(await use(server, token), 401)
      assert.equal(await use(server, await logIn(server)), 200)
      await server.stop()
      await (await serve(data)).stop()
    }))
})

/** How many sessions a database file holds by itself; undefined where it was copied half written. */
function sessionsIn(path: string): number | undefined {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    return Number(database.prepare('SELECT count(*) AS count FROM sessions').get()?.['count'])
  } catch {
    return undefined
  } finally {
    database.close()
  }
}
