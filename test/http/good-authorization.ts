import type { TestServer } from '../harness.ts'

/** Logs maria in. @returns A whole `Authorization` header, as a raw request has it. */
export async function goodAuthorization(server: TestServer): Promise<string> {
  const login = await server.call('GET', '/directlink/v1/auth/login', {
    headers: { authorization: `Basic ${Buffer.from('maria:maria-demo').toString('base64')}` },
  })
  return `Authorization: Bearer ${(login.json() as { bearer: string }).bearer}`
}
