/** Makes guards known to a server of a bench. */
import { benchModule } from '../http/child.ts'

/**
 * @param checkout Whose server it is; default this one's.
 * @returns A new credential.
 */
export async function addCredential(port: number, checkout?: string): Promise<string> {
  const fill = (await import(benchModule('http/fill.ts', checkout).href)) as { ADMIN_TOKEN: string }
  const response = await fetch(`http://127.0.0.1:${String(port)}/outright/v1/guards`, {
    method: 'POST',
    headers: { authorization: `Bearer ${fill.ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'bench' }),
  })
  if (!response.ok) throw new Error(`a guard was not added: ${String(response.status)}`)
  return ((await response.json()) as { credential: string }).credential
}
