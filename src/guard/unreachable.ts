import { feedPath } from '../protocol/feed.ts'

const probeTimeoutMs = 1000

/**
 * Finds out why a WebSocket did not open, which the browser's interface keeps to itself: asks the
 * same address over HTTP, once and for a second at most. Never rejects.
 *
 * @param server Its URL, without a slash at the end.
 * @returns The cause and, where there is one, the remedy, in words.
 */
export async function whyUnreachable(server: string): Promise<string> {
  try {
    const signal = AbortSignal.timeout(probeTimeoutMs)
    const answer = await fetch(server + feedPath, { redirect: 'manual', signal })
    answer.body?.cancel().catch(() => undefined)
    return causeOfStatus(answer.status, server)
  } catch (error) {
    return causeOfError(error, new URL(server))
  }
}

/** What is there, when it can be spoken to. The feed itself answers 426 to what is no WebSocket. */
function causeOfStatus(status: number, server: string): string {
  const said = `${server}${feedPath} answers ${status}`
  if (status === 426) return `${said}, but no WebSocket gets through. ${ofWebSockets}`
  if (status === 404) return `${said}: "server" may lack a path prefix, or be another server's URL`
  if (status === 401 || status === 403) {
    return `${said}: something before the server asks for credentials of its own`
  }
  if (status === 407) return `${said}: the HTTP proxy asks for credentials`
  if (status >= 300 && status < 400) return `${said}: "server" has moved, give its new URL`
  if (status >= 500) return `${said}: a proxy cannot reach the server, or it is starting`
  return `${said}, as no Outright does: "server" may be another server's URL`
}

const ofWebSockets =
  'A proxy between may not pass upgrades on; and where HTTPS_PROXY leads out, not every ' +
  "runtime's WebSocket takes it (Node's does with NODE_USE_ENV_PROXY=1, Bun's does not)"

/** By the codes of Node and Bun; other runtimes say it in words of their own. */
function causeOfError(error: unknown, { origin, host, protocol }: URL): string {
  const { code, message } = deepest(error)
  switch (code) {
    case 'ECONNREFUSED':
    case 'ConnectionRefused':
      return `nothing listens at ${origin} (${code})`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name of ${host} cannot be resolved (${code})`
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `the certificate of ${host} is not valid now, or for another name (${code})`
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return `${origin} does not speak TLS: is it an http URL? (${code})`
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET': {
      const perhaps = protocol === 'http:' ? ': is it an https URL?' : ''
      return `${origin} closes the connection${perhaps} (${code})`
    }
  }
  if (
    /self.?signed|unable to (verify|get)|UnknownIssuer/i.test(
      `${code} ${message}`.replaceAll('_', ' '),
    )
  ) {
    return (
      `the certificate of ${host} is not signed by an authority that this runtime trusts (${code || message}): ` +
      'start it with NODE_EXTRA_CA_CERTS=<your authority.pem> (Deno: DENO_CERT)'
    )
  }
  const isSilent = code.includes('TIMEOUT') || /TIMEDOUT|UNREACH|TimeoutError/.test(code)
  if (isSilent || code === '')
    return `${origin} ${code === '' ? `cannot be reached (${message})` : `does not answer (${code})`}. ${ofEgress}`
  return `${origin} cannot be reached (${code}). ${ofEgress}`
}

const ofEgress =
  'Where an HTTP proxy is the only way out, start Node with NODE_USE_ENV_PROXY=1 beside HTTPS_PROXY'

/** `fetch` rejects with an error that has the real one as its cause, or several of one address each. */
function deepest(error: unknown): { readonly code: string; readonly message: string } {
  let inner = error
  for (let depth = 0; depth < 4; depth++) {
    const { cause, errors } = inner as { cause?: unknown; errors?: readonly unknown[] }
    if (!(cause instanceof Error) && !errors?.[0]) break
    inner = cause ?? errors?.[0]
  }
  const { code, name, message } = inner as { code?: unknown; name?: string; message?: string }
  const named = name === 'TimeoutError' ? name : ''
  return { code: typeof code === 'string' ? code : named, message: message ?? String(inner) }
}
