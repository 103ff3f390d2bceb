/** Maria at DirectLink: she logs in and out at a node, and tries again where that helps. */
import assert from 'node:assert/strict'
import type { Reply } from '../harness.ts'
import { askUntilAnswered, type Child } from './processes.ts'

export const maria = {
  authorization: `Basic ${Buffer.from('maria:maria-demo').toString('base64')}`,
}

/** Resolves with the token. */
export async function login(child: Child): Promise<string> {
  const { reply } = await askUntilAnswered(child, 'POST', '/directlink/v1/auth/login', {
    headers: maria,
  })
  assert.equal(reply.status, 200, reply.text)
  return (reply.json() as { bearer: string }).bearer
}

/** Resolves with the answer that says that it is done. */
export async function logout(child: Child, token: string): Promise<Reply> {
  const headers = { authorization: `Bearer ${token}` }
  const { reply, tries } = await askUntilAnswered(child, 'POST', '/directlink/v1/auth/logout', {
    headers,
  })
  // A try that was not answered may have been stored: then the next one finds a dead token.
  const isDone = reply.status === 200 || (tries > 1 && reply.status === 401)
  assert.ok(isDone, `${String(reply.status)} ${reply.text}, try ${String(tries)}`)
  return reply
}
