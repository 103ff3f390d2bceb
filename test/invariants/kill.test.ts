/**
 * Invariant 3: `kill -9` of the real process in a storm of logouts, again and again. Every logout
 * that was answered is in force after the restart, every untouched session still works, and the
 * audit chain verifies.
 */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { call, type Reply } from '../harness.ts'

const ROUNDS = 8
const SESSIONS_PER_ROUND = 120
const KEPT_PER_ROUND = 10
/** Questions under way at once after a restart. */
const CHECKERS = 16

const child = fileURLToPath(new URL('serve-child.ts', import.meta.url))
const basic = `Basic ${Buffer.from('maria:maria-demo').toString('base64')}`

let running: ChildProcess | undefined
after(() => running?.kill('SIGKILL'))

async function start(dataDir: string): Promise<string> {
  running = spawn(process.execPath, [child, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: running.stdout ?? process.stdin })
  const [url] = (await once(lines, 'line')) as [string]
  return url
}

async function kill(): Promise<void> {
  const dying = running
  if (dying === undefined) return
  const gone = once(dying, 'exit')
  dying.kill('SIGKILL')
  await gone
}

async function login(url: string): Promise<string> {
  const reply = await call(url, 'POST', '/directlink/v1/auth/login', {
    headers: { authorization: basic },
  })
  assert.equal(reply.status, 200)
  return (reply.json() as { bearer: string }).bearer
}

function bearer(url: string, method: string, path: string, token: string): Promise<Reply> {
  return call(url, method, path, { headers: { authorization: `Bearer ${token}` } })
}

async function each(
  tokens: readonly string[],
  check: (token: string) => Promise<void>,
): Promise<void> {
  const left = tokens.values()
  const checker = async (): Promise<void> => {
    for (const token of left) await check(token)
  }
  await Promise.all(Array.from({ length: CHECKERS }, checker))
}

/** Logs out until the server dies; returns the tokens whose logout was answered with success. */
async function storm(url: string, tokens: readonly string[]): Promise<string[]> {
  const answered: string[] = []
  const killAfter = 5 + Math.floor(tokens.length * 0.7)
  await Promise.all(
    tokens.map(async (token) => {
      try {
        const reply = await bearer(url, 'POST', '/directlink/v1/auth/logout', token)
        if (reply.status === 200) answered.push(token)
        // The kill falls among the answers of one group commit and the writing of the next.
        if (answered.length === killAfter) running?.kill('SIGKILL')
      } catch {
        // The connection broke: nothing was promised for this one.
      }
    }),
  )
  return answered
}

test('answered logouts survive kill -9, untouched sessions too, and the chain verifies', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'outright-kill-'))
  const loggedOut: string[] = []
  const kept: string[] = []
  let url = await start(dataDir)
  for (let round = 0; round < ROUNDS; round++) {
    const tokens = await Promise.all(Array.from({ length: SESSIONS_PER_ROUND }, () => login(url)))
    kept.push(...tokens.splice(0, KEPT_PER_ROUND))
    const answered = await storm(url, tokens)
    assert.ok(answered.length > 0)
    loggedOut.push(...answered)
    await kill()
    url = await start(dataDir)
    await each(loggedOut, async (token) => {
      const reply = await bearer(url, 'GET', '/directlink/v1/download/list', token)
      assert.equal(reply.status, 401, `round ${String(round)}: an answered logout was lost`)
    })
    await each(kept, async (token) => {
      const reply = await bearer(url, 'GET', '/directlink/v1/download/list', token)
      assert.equal(reply.status, 200, `round ${String(round)}: an untouched session was lost`)
    })
  }
  const audit = await bearer(url, 'GET', '/outright/v1/audit/verify', 'outright-demo-admin')
  assert.equal(audit.status, 200)
  const [last = ''] = audit.text.trim().split('\n').slice(-1)
  assert.equal((JSON.parse(last) as { ok: boolean }).ok, true)
  await kill()
  await rm(dataDir, { recursive: true, force: true })
})
