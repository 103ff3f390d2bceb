/**
 * Any one setting that is misspelt, of the wrong type or out of range, in any place it can come
 * from, is refused by its name; what is wrong with each is made from the schema itself.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Type, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { problemsOf } from '../settings/read.ts'
import { settingsBelow, type NamedSetting } from '../settings/walk.ts'
import { ConfigError, loadConfig, type ConfigFile } from './config.ts'
import { configSchema } from './config-schema.ts'

const settings = settingsBelow(configSchema)
const names = new Set(settings.map(({ path }) => path.join('.')))
const withVariable = settings.filter(({ schema }) => schema.variable !== undefined)
const withFlag = settings.filter(({ schema }) => schema.flag !== undefined)

/** Values that a schema may refuse: of every type, and at its own bounds. */
function suspects(schema: TSchema): fc.Arbitrary<unknown> {
  const { minimum = 0, maximum = 0 } = schema as { minimum?: number; maximum?: number }
  const words = 'enum' in schema ? (schema.enum as string[]).map((word) => `${word}${word[0]}`) : []
  const bounds = [minimum - 1, maximum + 1, minimum + 0.5, Number.NaN, Infinity, -Infinity]
  return fc.oneof(
    fc.constantFrom<unknown>(...bounds, ...words, ...words.map((word) => word.toUpperCase())),
    fc.constantFrom<unknown>('true', 'false', 'yes', '0', '', true, null, undefined, [], {}, [{}]),
    fc.string(),
    fc.double(),
    fc.dictionary(fc.string(), fc.string(), { minKeys: 1 }),
    fc.array(fc.string(), { minLength: 1 }),
  )
}

const mistyped = fc
  .constantFrom(...settings)
  .chain((setting) => fc.tuple(fc.constant(setting), suspects(setting.schema)))
  .filter(([{ schema }, value]) => !Value.Check(schema, value))

function nested({ path }: NamedSetting, value: unknown): ConfigFile {
  return path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as ConfigFile
}

async function refusal(loading: Promise<unknown>): Promise<string> {
  try {
    await loading
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.message
  }
  return assert.fail('it was accepted')
}

test('the schema knows every kind of place: there are settings with a variable and with an option', () => {
  assert.ok(settings.length > 80 && withVariable.length >= 8 && withFlag.length >= 4)
})

test('a value that a setting cannot have is refused by its name', async () => {
  await fc.assert(
    fc.asyncProperty(mistyped, async ([setting, value]) => {
      const message = await refusal(loadConfig({}, nested(setting, value)))
      assert.ok(message.includes(setting.name), message)
      // What is inside a list or a group is named, and what it allows: its own.
      assert.match(message, /allowed: |did you mean |is missing|stands there twice/)
    }),
    { numRuns: 2000 },
  )
})

test('a misspelt name is refused, and the right one is suggested', async () => {
  const misspelt = fc
    .tuple(fc.constantFrom(...settings), fc.nat(), fc.constantFrom('left out', 'doubled', 'case'))
    .map(([setting, seed, how]) => {
      const name = setting.path.at(-1) ?? ''
      const at = seed % name.length
      const letter = name[at] ?? ''
      const changed =
        { 'left out': '', doubled: letter + letter, case: swapCase(letter) }[how] ?? ''
      return { setting, name: name.slice(0, at) + changed + name.slice(at + 1) }
    })
    // What names another setting is not misspelt: `issuers` without its last letter.
    .filter(({ setting, name }) => !names.has([...setting.path.slice(0, -1), name].join('.')))
  await fc.assert(
    fc.asyncProperty(misspelt, async ({ setting, name }) => {
      const path = [...setting.path.slice(0, -1), name]
      const message = await refusal(loadConfig({}, nested({ ...setting, path }, 1)))
      assert.ok(message.includes(`${path.join('.')} is not a setting; did you mean `), message)
    }),
    { numRuns: 1000 },
  )
})

test('text of the environment and of the command line is refused by name and by place', async () => {
  const cases = fc
    .oneof(
      fc.constantFrom(...withVariable).map((setting) => ({ setting, place: 'variable' as const })),
      fc.constantFrom(...withFlag).map((setting) => ({ setting, place: 'flag' as const })),
    )
    .chain((one) =>
      fc.record({
        one: fc.constant(one),
        text: fc.oneof(
          fc.constantFrom('', ' ', '1 ', '0x1', '1e3', '-1', 'TRUE', '\n'),
          fc.string(),
        ),
      }),
    )
    .filter(({ one: { setting }, text }) => !couldMean(setting.schema, text))
  await fc.assert(
    fc.asyncProperty(cases, async ({ one: { setting, place }, text }) => {
      const name = setting.schema[place] ?? ''
      const loading =
        place === 'variable' ? loadConfig({ [name]: text }) : loadConfig({}, {}, { [name]: text })
      const message = await refusal(loading)
      assert.ok(message.includes(setting.name) && message.includes(`(${name})`), message)
    }),
    { numRuns: 1000 },
  )
})

test('a secret is never shown, whatever is wrong with it', async () => {
  const secret = 'hunter2 hunter2'
  const wrong: readonly unknown[] = [
    { adminToken: secret },
    { adminToken: [secret] },
    { adminToken: { secret } },
    { databaseUrl: secret },
    { otpSender: secret },
    { otpSender: { kind: 'webhook', url: `https://u:${secret}@x y`, secret: 1 } },
    { otpSender: { kind: 'webhook', url: `ftp://x/?token=${secret}`, secret } },
    { otpSender: { kind: 'none', secret } },
    { issuer: `https://u:${secret}@x/` },
    { dialects: { adobePass: { options: { mvpds: secret } } } },
    { dialects: { adobePass: { options: { mvpds: { id: 'x', secret } } } } },
    { dialects: { adobePass: { options: { mvpds: [{ id: 'x', displayName: 'x', secret }] } } } },
    {
      dialects: { adobePass: { options: { legacyKeys: [{ publicKey: 'x', secret: [secret] }] } } },
    },
  ]
  for (const given of wrong) {
    const message = await refusal(loadConfig({}, given as ConfigFile))
    assert.equal(message.includes('hunter2'), false, message)
  }
  assert.equal(
    (await refusal(loadConfig({ OUTRIGHT_ADMIN_TOKEN: secret }))).includes(secret),
    false,
  )
})

test('every default is what its own schema allows, in the demo too', () => {
  for (const { name, schema } of settings) {
    for (const value of [schema.default, schema.demoDefault]) {
      if (value === undefined) continue
      assert.deepEqual(problemsOf(schema, value, { name, partial: false }), [])
    }
  }
})

function swapCase(letter: string): string {
  const upper = letter.toUpperCase()
  // A letter that has no case is left out instead.
  return upper === letter ? (letter.toLowerCase() === letter ? '' : letter.toLowerCase()) : upper
}

/** Whether text is a good value of its setting, by what it looks like. */
function couldMean(schema: TSchema, text: string): boolean {
  if (Type.IsBoolean(schema)) return text === 'true' || text === 'false'
  if (Type.IsInteger(schema) || Type.IsNumber(schema)) {
    return /^-?\d+(\.\d+)?$/.test(text) && Value.Check(schema, Number(text))
  }
  if (Type.IsArray(schema)) {
    const items = text.split(',')
    return Value.Check(schema, items) && new Set(items).size === items.length
  }
  return Value.Check(schema, text)
}
