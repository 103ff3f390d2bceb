import type { Subject } from '../../../domain/identity.ts'

/** The name by which pages address a person. */
export function personOf({ name, username, email, id }: Subject): string {
  return name || (username ?? email ?? id)
}
