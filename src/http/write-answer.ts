/**
 * Writes answers. One whose body is whole goes straight to Node's response and not through
 * Fastify's reply, which copies each header twice and parses the content type: a twentieth of a
 * check.
 */
import type { FastifyReply } from 'fastify'
import { writeCookie } from './cookie.ts'
import type { Answer } from './surface.ts'

type HeaderValue = string | string[]

/**
 * Writes an answer; of one that does not stream also the length.
 *
 * @param headers In parts, of which the later win.
 * @throws {TypeError} Where a header cannot be sent. Nothing is written then, and Fastify calls the
 *   handler of errors.
 */
export function writeAnswer(
  reply: FastifyReply,
  { status, reasonPhrase, cookies, body }: Answer,
  headers: readonly Readonly<Record<string, string>>[],
): void {
  // What did not arrive in time was refused already, below Fastify.
  if (reply.sent) return
  const list: HeaderValue[] = []
  // Fastify closes a connection on which the rest of a refused body may follow.
  const connection = reply.getHeader('connection')
  if (typeof connection === 'string') put(list, 'connection', connection)
  for (const part of headers) {
    for (const name of Object.keys(part)) put(list, name.toLowerCase(), part[name] ?? '')
  }
  if (cookies !== undefined) put(list, 'set-cookie', cookies.map(writeCookie))
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) {
    // RFC 9110, section 8.6: what an answer to GET would have is not known of one to HEAD.
    const hasNone = status === 204 || status === 304 || reply.request.method === 'HEAD'
    const length = body === undefined ? 0 : Buffer.byteLength(body)
    if (body !== undefined || !hasNone) put(list, 'content-length', String(length))
    reply.raw.writeHead(status, reasonPhrase, list)
    // There is nothing left for Fastify to do.
    reply.hijack()
    // Node writes a text together with its head, in one encoding: so only one that is ASCII.
    if (typeof body === 'string' && length === body.length) reply.raw.end(body, 'latin1')
    else reply.raw.end(typeof body === 'string' ? Buffer.from(body) : body)
    return
  }
  // Fastify writes the head with the first bytes, so that a failure before them can be answered.
  for (let at = 0; at < list.length; at += 2) reply.header(list[at] as string, list[at + 1])
  if (reasonPhrase !== undefined) reply.raw.statusMessage = reasonPhrase
  void reply.code(status).send(ReadableStream.from(body))
}

/** Into names and values in turn, as Node takes them. */
function put(list: HeaderValue[], name: string, value: HeaderValue): void {
  for (let at = 0; at < list.length; at += 2) {
    if (list[at] !== name) continue
    list[at + 1] = value
    return
  }
  list.push(name, value)
}
