/**
 * Invariant 6: on a full disk every dialect's logout is answered with an error in the dialect's own
 * form, nothing that was answered before is lost, and everything works again as soon as there is
 * room.
 *
 * The disk is made full for one real server process by a limit on the size of its files
 * (RLIMIT_FSIZE), which the kernel enforces for root as well.
 */
import assert from 'node:assert/strict'
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, afterEach, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { call, type CallOptions, type Reply } from '../harness.ts'

const run = promisify(execFile)
const child = fileURLToPath(new URL('serve-child.ts', import.meta.url))

let dataDir: string
let serving: ChildProcess
let url: string

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'outright-disk-'))
  serving = spawn(process.execPath, [child, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: serving.stdout ?? process.stdin })
  ;[url] = (await once(lines, 'line')) as [string]
})
after(async () => {
  serving.kill('SIGKILL')
  await rm(dataDir, { recursive: true, force: true })
})

/** Only the soft limit: it can be raised again. */
async function limitFiles(bytes: string): Promise<void> {
  await run('prlimit', ['--pid', String(serving.pid), `--fsize=${bytes}:unlimited`])
}

function request(method: string, path: string, options?: CallOptions): Promise<Reply> {
  return call(url, method, path, options ?? {})
}

const bearer = (token: string): CallOptions => ({ headers: { authorization: `Bearer ${token}` } })
const baanxKey = { 'x-client-key': 'baanx-demo-key' }

interface Case {
  readonly dialect: string
  readonly login: () => Promise<string>
  readonly logout: (token: string) => Promise<Reply>
  /** Status of a call that needs the token. */
  readonly use: (token: string) => Promise<number>
  readonly success: number
  /** What the refusal looks like. */
  readonly refusal: RegExp
}

let devices = 0

const cases: readonly Case[] = [
  {
    dialect: 'DirectLink',
    async login() {
      const authorization = `Basic ${Buffer.from('maria:maria-demo').toString('base64')}`
      const reply = await request('POST', '/directlink/v1/auth/login', {
        headers: { authorization },
      })
      return (reply.json() as { bearer: string }).bearer
    },
    logout: (token) => request('POST', '/directlink/v1/auth/logout', bearer(token)),
    use: async (token) =>
      (await request('GET', '/directlink/v1/download/list', bearer(token))).status,
    success: 200,
    refusal: /^\{"status":500,"description":"Internal Server Error","apiver":/,
  },
  {
    dialect: 'Matar',
    async login() {
      const person = { phone_number: '919999900001', name: 'Sri' }
      await request('POST', '/api/v1/login', { body: { ...person, action: 'send_otp' } })
      const reply = await request('POST', '/api/v1/login', {
        body: { ...person, action: 'submit_otp', otp: '12345' },
      })
      return (reply.json() as { access_token: string }).access_token
    },
    logout: (token) => request('POST', '/api/v1/logout', bearer(token)),
    use: async (token) => (await request('GET', '/api/v1/get_current_user', bearer(token))).status,
    success: 200,
    refusal: /^\{"message":"Service Unavailable"\}\n$/,
  },
  {
    dialect: 'Octopus',
    async login() {
      const reply = await request('POST', '/auth/login', {
        body: { username: 'octopus-demo-key', password: 'octopus-demo-secret' },
      })
      return (reply.json() as { data: { access_token: string } }).data.access_token
    },
    logout: (token) => request('POST', '/auth/logout', bearer(token)),
    use: async (token) => (await request('GET', '/api/v1/wallets', bearer(token))).status,
    success: 200,
    refusal: /^\{"error":\{"name":"[A-Za-z]+","code":"[A-Z_]+","message":/,
  },
  {
    dialect: 'Adobe Pass',
    // Each device is new: a repeated logout of one has nothing to store, and succeeds without a disk.
    login: () => Promise.resolve(`device-${String(devices++)}`),
    logout: (device) =>
      request('DELETE', `/api/v1/logout?requestor=REF30&deviceId=${device}&format=json`),
    use: async (device) =>
      (await request('GET', `/api/v1/checkauthn?requestor=REF30&deviceId=${device}`)).status === 403
        ? 401
        : 200,
    success: 204,
    refusal: /^\{"status":50[03],"message":/,
  },
  {
    dialect: 'Baanx',
    async login() {
      const reply = await request('POST', '/v1/auth/login', {
        headers: baanxKey,
        body: { email: 'demo@example.com', password: 'demo-password' },
      })
      return (reply.json() as { accessToken: string }).accessToken
    },
    logout: (token) =>
      request('POST', '/v1/auth/logout', {
        headers: { ...baanxKey, authorization: `Bearer ${token}` },
      }),
    use: async (token) =>
      (
        await request('GET', '/v1/user', {
          headers: { ...baanxKey, authorization: `Bearer ${token}` },
        })
      ).status,
    success: 200,
    refusal: /^\{"message":/,
  },
]

describe('a full disk', () => {
  afterEach(() => limitFiles('unlimited'))

  for (const { dialect, login, logout, use, success, refusal } of cases) {
    test(`${dialect}: an error in its own form, and nothing is lost`, async () => {
      const before = await login()
      assert.equal((await logout(before)).status, success)
      const token = await login()
      await limitFiles('1')
      const refused = await logout(token)
      assert.ok(refused.status >= 500, `${String(refused.status)} ${refused.text}`)
      assert.match(refused.text, refusal)
      assert.equal(refused.headers['outright-revocation'], undefined)
      // What was logged out stays so, and what was not goes on working: checks need no disk.
      assert.equal(await use(before), 401)
      if (dialect !== 'Adobe Pass') assert.equal(await use(token), 200)
      assert.equal((await request('GET', '/readyz')).status, 503)
      await limitFiles('unlimited')
      assert.equal((await logout(token)).status, success)
      assert.equal(await use(token), 401)
      assert.equal((await request('GET', '/readyz')).status, 200)
    })
  }
})
