import type { TestServer } from '../harness.ts'

export interface LoggedIn {
  readonly token: string
  readonly sid: string
}

/** Opens a session of Maria's with DirectLink, whose token lasts ten minutes. */
export async function logIn({ core }: TestServer): Promise<LoggedIn> {
  const { session, access } = await core.openSession({
    subjectId: 'maria',
    clientId: 'directlink',
    dialect: 'directlink',
    audience: 'directlink',
    accessLifetimeMs: 600_000,
  })
  return { token: access.token, sid: session.sid }
}
