import { hash, verify } from '@node-rs/argon2'
import type { PasswordCost } from './dependencies.ts'

/** Longer passwords are refused before they are hashed: RFC-less, a bound against abuse. */
export const MAX_PASSWORD_LENGTH = 1024

/** Hashes a password or client secret with argon2id. */
export async function hashPassword(password: string, cost: PasswordCost): Promise<string> {
  return hash(password, { memoryCost: cost.memoryKiB, timeCost: cost.passes, parallelism: 1 })
}

/** True when the password fits the hash. Takes the time of one hash in either case. */
export async function checkPassword(passwordHash: string, password: string): Promise<boolean> {
  return password.length <= MAX_PASSWORD_LENGTH && (await verify(passwordHash, password))
}

const decoys = new Map<string, Promise<string>>()

/**
 * Spends the time that a real check takes, so that an unknown name answers no faster than a wrong
 * password.
 */
export async function spendPasswordTime(password: string, cost: PasswordCost): Promise<void> {
  const name = `${String(cost.memoryKiB)}:${String(cost.passes)}`
  const decoy = decoys.get(name) ?? hashPassword('decoy', cost)
  decoys.set(name, decoy)
  await checkPassword(await decoy, password)
}
