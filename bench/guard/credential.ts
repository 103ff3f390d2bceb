/** Makes guards known to a server of a bench. */
import { ADMIN_TOKEN } from '../http/fill.ts'

/** @returns A new credential. */
export async function addCredential(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${String(port)}/outright/v1/guards`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'bench' }),
  })
  if (!response.ok) throw new Error(`a guard was not added: ${String(response.status)}`)
  return ((await response.json()) as { credential: string }).credential
}
