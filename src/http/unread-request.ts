import { randomUUID } from 'node:crypto'
import { METHODS, type IncomingMessage } from 'node:http'
import type { SurfaceRequest } from './surface.ts'
import { requestId } from './request.ts'

/** The head of a request that could not be read whole. */
export interface RequestHead {
  readonly method: string
  /** As it was sent, with the query. */
  readonly url: string
  readonly headers: IncomingMessage['headers']
}

/**
 * Finds the head of the request in which a parser gave up.
 *
 * @param bytes What had arrived last.
 * @param parsedBytes How many of them had been read before the one that is wrong.
 * @returns Undefined where they do not begin with a request that HTTP knows.
 */
export function headIn(bytes: Buffer, parsedBytes: number): RequestHead | undefined {
  const text = bytes.toString('latin1')
  // Several requests may have come at once: the last head that begins before the fault.
  const before = text.lastIndexOf('\r\n\r\n', parsedBytes - 4)
  const start = before < 0 ? 0 : before + 4
  const [line = '', ...lines] = (text.slice(start).split('\r\n\r\n', 1)[0] ?? '').split('\r\n')
  const match = /^([A-Z-]{1,32}) (\/[^ ]*) HTTP\/1\.[01]$/.exec(line)
  if (match === null) return undefined
  const [, method = '', url = ''] = match
  if (!METHODS.includes(method)) return undefined
  const headers: Record<string, string> = {}
  for (const header of lines.slice(0, MAX_HEADERS)) {
    const colon = header.indexOf(':')
    if (colon > 0) headers[header.slice(0, colon).toLowerCase()] ??= header.slice(colon + 1).trim()
  }
  return { method, url, headers }
}

/** More are not needed to choose the form of the answer. */
const MAX_HEADERS = 100

/** As much of a request as a surface needs to refuse it in its own form; the rest is empty. */
export function unreadRequest(head: RequestHead | undefined, publicUrl: string): SurfaceRequest {
  const [path, query] = splitOnce(head?.url ?? '', '?')
  const headers = head?.headers ?? {}
  return {
    method: head?.method ?? '',
    path,
    params: {},
    query: new URLSearchParams(query),
    header(name) {
      const value = headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    },
    headerCount: (name) => (headers[name] === undefined ? 0 : 1),
    body: Buffer.alloc(0),
    clientAddress: '',
    requestId: head === undefined ? randomUUID() : requestId(head),
    publicUrl,
    waitForConfirmation: true,
  }
}

function splitOnce(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + mark.length)]
}
