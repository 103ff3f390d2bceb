/** Calls of Octopus's API as the demo client makes them. */
import assert from 'node:assert/strict'
import type { Reply, TestServer } from '../harness.ts'

export const credentials = { username: 'octopus-demo-key', password: 'octopus-demo-secret' }

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

export async function login(on: TestServer): Promise<Tokens> {
  const reply = await on.call('POST', '/auth/login', { body: credentials })
  assert.equal(reply.status, 200, reply.text)
  return (reply.json() as { data: Tokens }).data
}

export function call(method: string, path: string, token: string, on: TestServer): Promise<Reply> {
  return on.call(method, path, { headers: { authorization: `Bearer ${token}` } })
}

export function refresh(refreshToken: string, on: TestServer): Promise<Reply> {
  return on.call('POST', '/auth/refresh', { body: { refresh_token: refreshToken } })
}

export function errorOf(reply: Reply): string {
  const { error } = reply.json() as { error: { name: string; code: string; message: string } }
  assert.equal(reply.text, JSON.stringify({ error }), 'nothing beside the envelope')
  return `${reply.status} ${error.name} ${error.code} ${error.message}`
}

export const invalidToken = '401 UnauthorizedError UNAUTHORIZED Invalid token'
