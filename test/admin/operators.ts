/** An operator's browser, over real HTTP. */
import assert from 'node:assert/strict'
import type { Role } from '../../src/domain/operator.ts'
import type { CallOptions, Reply, TestServer } from '../harness.ts'

export const PASSWORD = 'a password of length'

export interface OperatorBrowser {
  /** As `Cookie`. */
  readonly cookie: string
  /** What a script of the console sends: cookie, header and where it comes from. */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>
}

/** Adds an operator, where there is none of that name, and signs them in. */
export async function signInAs(
  server: TestServer,
  name: string,
  role: Role,
): Promise<OperatorBrowser> {
  if ((await server.core.operators.find(name)) === undefined) {
    await server.core.operators.add({ name, role, password: PASSWORD })
  }
  const reply = await submitSignIn(server, { name, password: PASSWORD })
  assert.equal(reply.status, 303, reply.text)
  return browserWith(server, cookieOf(reply))
}

export function submitSignIn(
  server: TestServer,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const body = new URLSearchParams(form)
  return server.call('POST', '/console/sign-in', { headers, body })
}

export function browserWith(server: TestServer, cookie: string): OperatorBrowser {
  return {
    cookie,
    call: (method, path, { headers = {}, ...rest } = {}) =>
      server.call(method, path, {
        headers: {
          cookie,
          'sec-fetch-site': 'same-origin',
          'outright-request': 'console',
          ...(headers as Record<string, string>),
        },
        ...rest,
      }),
  }
}

/** The cookie that an answer sets, as a browser sends it back. */
export function cookieOf({ headers }: Reply): string {
  const [pair = ''] = (headers['set-cookie'] ?? '').split(';', 1)
  assert.match(pair, /^(__Host-)?outright-operator=/)
  return pair
}
