/**
 * The tables of settings in the documents are those that the schemas make: between a line `<!--
 * settings: … -->` and a line `<!-- /settings -->`. With `OUTRIGHT_UPDATE=1` they are written
 * anew.
 */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { canaryPathSchema, canarySchema } from '../../src/canary/options.ts'
import {
  legacyKeySchema,
  mvpdSchema,
  softwareStatementSchema,
} from '../../src/http/dialects/adobe-pass/options.ts'
import { octopusLimitsSchema } from '../../src/http/dialects/octopus/options.ts'
import { forwardAuthSchema } from '../../src/http/surfaces/forward-auth/options.ts'
import { configSchema } from '../../src/server/config-schema.ts'
import { resourceServerSchema } from '../../src/http/surfaces/introspection/options.ts'
import { issuerSchema } from '../../src/server/issuer-settings.ts'
import { surfaceModules } from '../../src/server/surface-settings.ts'
import { settingsBelow, type NamedSetting } from '../../src/settings/walk.ts'
import { columns, markdownTable, nameColumn, type Column } from './settings-table.ts'

const everyDialect = 'dialects.matar.'
const server = settingsBelow(configSchema).filter(({ path }) => path[0] !== 'dialects')
/** What is the same for each dialect is told once. */
const places = settingsBelow(configSchema)
  .filter(({ name }) => name.startsWith(everyDialect) && !name.includes('.options'))
  .map((setting) => ({ ...setting, name: setting.name.replace(everyDialect, 'dialects.<name>.') }))

const wide = [
  nameColumn('setting'),
  columns.variable,
  columns.flag,
  columns.allowed,
  columns.default,
  columns.meaning,
]
const narrow = [nameColumn('option'), columns.allowed, columns.default, columns.meaning]

const flagged = [
  nameColumn('setting'),
  columns.flag,
  columns.allowed,
  columns.default,
  columns.meaning,
]

type Table = readonly [string, readonly NamedSetting[], readonly Column[]]

/** What of a dialect's options is a table of its own, in the order in which they stand there. */
const parts: Readonly<
  Record<string, { readonly above?: readonly Table[]; readonly below?: readonly Table[] }>
> = {
  octopus: {
    below: [['dialects.octopus.options.limits', settingsBelow(octopusLimitsSchema), narrow]],
  },
  adobePass: {
    above: [['dialects.adobePass.options.mvpds', settingsBelow(mvpdSchema), narrow]],
    below: [
      ['…softwareStatements', settingsBelow(softwareStatementSchema), narrow],
      ['…legacyKeys', settingsBelow(legacyKeySchema), narrow],
    ],
  },
}

/** By document, the tables in the order in which they stand there. */
const documents: Readonly<Record<string, readonly Table[]>> = {
  'configuration.md': [['server', [...server, ...places], wide]],
  'identity-providers.md': [['issuers', settingsBelow(issuerSchema), narrow]],
  'canary.md': [
    ['canary', settingsBelow(canarySchema), flagged],
    ['paths', settingsBelow(canaryPathSchema), narrow],
  ],
  'guard.md': [['forwardAuth', settingsBelow(forwardAuthSchema), narrow]],
  'http.md': [['resourceServers', settingsBelow(resourceServerSchema), narrow]],
  ...Object.fromEntries(
    surfaceModules
      .filter(([, { kind }]) => kind === 'dialect')
      .map(([setting, { name, options }]) => {
        const { above = [], below = [] } = parts[setting] ?? {}
        const own: Table = [`dialects.${setting}.options`, settingsBelow(options), narrow]
        return [`dialects/${name}.md`, [...above, own, ...below]]
      }),
  ),
}

const TABLE = /<!-- settings: (.+) -->\n\n([^]*?)\n<!-- \/settings -->/g

suite('tables of settings are those of the schemas', () => {
  for (const [name, tables] of Object.entries(documents)) {
    test(name, async () => {
      const url = new URL(`../../docs/${name}`, import.meta.url)
      const text = await readFile(url, 'utf8')
      const made = new Map(
        tables.map(([title, settings, shown]) => [title, markdownTable(settings, shown)]),
      )
      assert.deepEqual(
        [...text.matchAll(TABLE)].map(([, title]) => title),
        [...made.keys()],
        'other tables than those that the schemas make',
      )
      const right = text.replaceAll(
        TABLE,
        (_, title: string) =>
          `<!-- settings: ${title} -->\n\n${made.get(title) ?? ''}\n<!-- /settings -->`,
      )
      if (process.env['OUTRIGHT_UPDATE'] === '1') await writeFile(url, right)
      else assert.equal(text, right, 'write it anew: OUTRIGHT_UPDATE=1 node --test test/documents')
    })
  }
})
