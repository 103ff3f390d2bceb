import { Refusal, refuse } from '../../../domain/failure.ts'
import type { Subject } from '../../../domain/identity.ts'
import type { Random } from '../../../ports/random.ts'
import type { Subjects } from '../../../core/directory.ts'

export interface SignUp {
  readonly phone: string
  readonly name: string
  readonly language: string
  readonly nowMs: number
}

/** Two ids of 2 billion meet seldom; ten times in a row is another kind of trouble. */
const MAX_TRIES = 10
const ID_LENGTH = 6
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
/** Bytes from here on would make the first letters of the alphabet likelier than the others. */
const FIRST_UNEVEN_BYTE = 252

/**
 * Finds the user of a phone number, or creates one. The caller must have verified that the person
 * holds that phone.
 *
 * @throws {Refusal} `store_unavailable`; `internal` where no free id was found.
 */
export async function findOrSignUp(
  subjects: Subjects,
  random: Random,
  signUp: SignUp,
): Promise<Subject> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const known = await subjects.find({ by: 'phone', value: signUp.phone })
    if (known !== undefined) return known
    const subject = newSubject(mintUserId(random), signUp)
    // A conflict: the id is taken, or the same phone signs up twice at once. Either looks again.
    if (await created(subjects, subject)) return subject
  }
  return refuse({ kind: 'internal', reason: 'Cannot sign up: no free user id was found' })
}

/** Six capital letters and digits, as Matar's user ids are. */
export function mintUserId(random: Random): string {
  let id = ''
  while (id.length < ID_LENGTH) {
    for (const byte of random.bytes(ID_LENGTH)) {
      if (byte < FIRST_UNEVEN_BYTE && id.length < ID_LENGTH) id += LETTERS[byte % LETTERS.length]
    }
  }
  return id
}

async function created(subjects: Subjects, subject: Subject): Promise<boolean> {
  try {
    await subjects.create(subject)
    return true
  } catch (error) {
    if (error instanceof Refusal && error.failure.kind === 'conflict') return false
    throw error
  }
}

function newSubject(id: string, { phone, name, language, nowMs }: SignUp): Subject {
  return {
    id,
    name,
    username: undefined,
    email: undefined,
    phone,
    passwordHash: undefined,
    status: 'active',
    createdAtMs: nowMs,
    attributes: { image_url: null, language, roles: { default: [] } },
  }
}
