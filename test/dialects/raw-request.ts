import { connect } from 'node:net'

export interface RawReply {
  readonly status: number
  /** Everything behind the status line, as it came. */
  readonly head: string
  readonly body: string
}

/**
 * Sends bytes as they are given and reads until the server closes, for requests that no HTTP client
 * would send, or that must be exactly what a certain client sends. `Host` and `Connection: close`
 * are added to the lines given.
 */
export async function rawRequest(
  url: string,
  lines: readonly string[],
  body = '',
): Promise<RawReply> {
  const { hostname, port } = new URL(url)
  const [first = '', ...headers] = lines
  const head = [first, `Host: ${hostname}:${port}`, 'Connection: close', ...headers]
  const socket = connect(Number(port), hostname)
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  let text = ''
  for await (const chunk of socket.setEncoding('utf8')) text += String(chunk)
  const [status, rest] = splitOnce(text, '\r\n')
  const [received, content] = splitOnce(rest, '\r\n\r\n')
  return { status: Number(status.split(' ')[1]), head: received.toLowerCase(), body: content }
}

function splitOnce(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + mark.length)]
}
