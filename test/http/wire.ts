/** Bytes to a server and the answers back, for tests whose subject is the connection itself. */
import { connect } from 'node:net'

export interface WireReply {
  readonly status: number
  /** The reason phrase of the status line. */
  readonly reason: string
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly text: string
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  json(): any
}

/**
 * Sends bytes as they are in one write and reads until the server closes.
 *
 * @param isAll True: says with the last byte that nothing will follow, and goes on reading.
 */
export async function exchange(url: string, bytes: string, isAll = false): Promise<WireReply[]> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let text = ''
  await new Promise<void>((resolve) => {
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    // What a server that has had enough does to the rest of what is sent to it.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      resolve()
    })
    if (isAll) socket.end(bytes)
    else socket.write(bytes)
  })
  return replies(text)
}

/** The answers in what a server sent; each must say how long its body is. */
export function replies(text: string): WireReply[] {
  const found: WireReply[] = []
  let rest = Buffer.from(text)
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) break
    const [line = '', ...lines] = rest.subarray(0, end).toString().split('\r\n')
    const headers = new Map(
      lines.map((header) => {
        const colon = header.indexOf(':')
        return [header.slice(0, colon).toLowerCase(), header.slice(colon + 1).trim()] as const
      }),
    )
    const start = end + 4
    const stop = start + Number(headers.get('content-length') ?? 0)
    const body = rest.subarray(start, stop).toString()
    const [, status = '', reason = ''] = /^HTTP\/1\.1 (\d{3}) ?(.*)$/.exec(line) ?? []
    found.push({
      status: Number(status),
      reason,
      headers,
      text: body,
      json: () => JSON.parse(body) as unknown,
    })
    rest = rest.subarray(stop)
  }
  return found
}
