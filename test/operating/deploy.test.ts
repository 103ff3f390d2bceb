/** What `deploy/` holds: its structure, and every name in it compared with the server's own. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createCanaryMetrics } from '../../src/canary/index.ts'
import { configSchema } from '../../src/server/config-schema.ts'
import { loadConfig } from '../../src/server/config.ts'
import { settingsBelow } from '../../src/settings/walk.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { outright, withFolder } from './doctor.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8')

type Json = Readonly<Record<string, unknown>>

/** The parser that the OpenAPI document's plugin brings with it. */
const yaml = createRequire(createRequire(import.meta.url).resolve('@fastify/swagger'))('yaml') as {
  parseAllDocuments(text: string, options: object): { errors: Error[]; toJS(): Json }[]
}

async function documents(path: string): Promise<Json[]> {
  return yaml.parseAllDocuments(await read(path), { strict: true }).map((document) => {
    assert.deepEqual(document.errors, [], path)
    return document.toJS()
  })
}

/** Follows names and positions into a document. */
function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Json | undefined)?.[key], value)
}

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

/** `OUTRIGHT_…` names that the server reads. */
function knownVariables(): ReadonlySet<string> {
  const settings = settingsBelow(configSchema).flatMap(({ schema }) => schema.variable ?? [])
  return new Set([...settings, 'OUTRIGHT_CONFIG'])
}

describe('metrics', () => {
  const mentioned = /\b(?:outright_[a-z0-9_]+|up)\b/g

  async function printed(): Promise<ReadonlySet<string>> {
    await server.call('GET', '/healthz')
    const { text } = await server.call('GET', '/metrics')
    const canary = await createCanaryMetrics([]).registry.metrics()
    const names = new Set(['up'])
    for (const [, name = '', type] of (text + canary).matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
      names.add(name)
      if (type === 'histogram')
        for (const end of ['_bucket', '_sum', '_count']) names.add(name + end)
    }
    return names
  }

  const sources: readonly (readonly [string, () => Promise<string[]>])[] = [
    [
      'deploy/grafana/dashboard.json',
      async () => {
        const dashboard = JSON.parse(await read('deploy/grafana/dashboard.json')) as Json
        return (dashboard['panels'] as Json[]).flatMap((panel) =>
          (panel['targets'] as { expr: string }[]).map(({ expr }) => expr),
        )
      },
    ],
    ['deploy/prometheus/alarms.yaml', async () => (await alarms()).map(({ expr }) => expr)],
    [
      'docs/operating.md',
      async () => (await read('docs/operating.md')).match(/`outright_[a-z0-9_]+/g) ?? [],
    ],
  ]
  for (const [path, expressions] of sources) {
    test(`${path} names none that neither a server nor a canary prints`, async () => {
      const names = await printed()
      const used = (await expressions()).flatMap((text) => text.match(mentioned) ?? [])
      assert.ok(used.length >= 5)
      assert.deepEqual(
        used.filter((name) => !names.has(name)),
        [],
      )
    })
  }

  test('labels are those that metrics have', async () => {
    const source = (await read('src/server/metrics.ts')) + (await read('src/canary/metrics.ts'))
    const own = [...source.matchAll(/labelNames: \[([^\]]*)\]/g)].flatMap(([, list = '']) =>
      [...list.matchAll(/'(\w+)'/g)].map(([, name]) => name),
    )
    const labels = new Set([...own, 'le', 'kind', 'job', 'instance'])
    const texts = [
      await read('deploy/grafana/dashboard.json'),
      await read('deploy/prometheus/alarms.yaml'),
    ]
    const used = texts.flatMap((text) => [
      ...[...text.matchAll(/by \(([\w, ]+)\)/g)].flatMap(([, list = '']) => list.split(/, */)),
      ...[...text.matchAll(/[{,](\w+)=~?\\?"/g)].map(([, name = '']) => name),
    ])
    assert.ok(used.length > 20)
    assert.deepEqual(
      used.filter((name) => !labels.has(name)),
      [],
    )
  })
})

interface Alarm {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly runbook: string }
}

async function alarms(): Promise<readonly Alarm[]> {
  const [document] = await documents('deploy/prometheus/alarms.yaml')
  return at(document, 'groups', 0, 'rules') as Alarm[]
}

describe('alarms', () => {
  test('each is in the table of the manual, and leads to a part of it', async () => {
    const manual = await read('docs/operating.md')
    const parts = [...manual.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    )
    for (const { alert, labels, annotations } of await alarms()) {
      assert.ok(manual.includes(`| \`${alert}\` |`), alert)
      assert.ok(['page', 'ticket'].includes(labels.severity), alert)
      const [file, part = ''] = annotations.runbook.split('#')
      assert.equal(file, 'docs/operating.md')
      assert.ok(parts.includes(part), `${alert}: ${annotations.runbook}`)
    }
    const listed = [...manual.matchAll(/^\| `(Outright\w+)` \|/gm)].map(([, name]) => name)
    assert.deepEqual(
      listed,
      (await alarms()).map(({ alert }) => alert),
    )
  })

  test('the manual lists every check of the doctor, and no other', async () => {
    const manual = await read('docs/operating.md')
    const prefixes = 'settings|clock|disk|sqlite|store|postgres|server'
    const names = (text: string, quote: string): string[] => [
      ...new Set(
        [...text.matchAll(new RegExp(`${quote}((?:${prefixes})\\.[a-z-]+)${quote}`, 'g'))].map(
          ([, name = '']) => name,
        ),
      ),
    ]
    const folder = 'src/server/doctor'
    const files = await readdir(join(root, folder))
    const sources = await Promise.all(files.map((file) => read(`${folder}/${file}`)))
    const made = names(sources.join('\n'), "'").concat(
      'postgres.fsync',
      'postgres.full-page-writes',
    )
    assert.deepEqual(names(manual, '`').toSorted(), [...new Set(made)].toSorted())
  })
})

describe('compose.yaml', () => {
  let compose: Json
  before(async () => {
    ;[compose] = (await documents('deploy/compose.yaml')) as [Json]
  })

  test('services have an image or a build, and depend on services that are there', () => {
    const services = compose['services'] as Record<string, Json>
    assert.deepEqual(Object.keys(services), ['outright', 'postgres', 'prometheus', 'grafana'])
    for (const [name, service] of Object.entries(services)) {
      assert.ok('image' in service !== 'build' in service, name)
      for (const other of Object.keys(service['depends_on'] ?? {})) {
        assert.notEqual(at(services[other], 'healthcheck', 'test'), undefined, other)
      }
      for (const port of (service['ports'] ?? []) as string[]) assert.match(port, /^127\.0\.0\.1:/)
    }
  })

  test('commands are words, and the health of the server is asked as it answers', async () => {
    const services = Object.values(compose['services'] as Record<string, Json>)
    const commands = services.flatMap((service) => [
      (service['command'] ?? []) as unknown[],
      (at(service, 'healthcheck', 'test') ?? []) as unknown[],
    ])
    // A colon and a space inside of one would make it a mapping.
    for (const word of commands.flat()) assert.equal(typeof word, 'string', JSON.stringify(word))
    const [kind, , evaluate, program = ''] = at(
      compose,
      'services',
      'outright',
      'healthcheck',
      'test',
    ) as string[]
    assert.deepEqual([kind, evaluate], ['CMD', '--eval'])
    const { url } = server
    for (const [port, code] of [
      [new URL(url).port, 0],
      ['1', 1],
    ] as const) {
      const asked = spawn(process.execPath, ['--eval', program.replace('8080', port)])
      assert.deepEqual(await once(asked, 'exit'), [code, null])
    }
  })

  test('files that are mounted or built from exist, volumes are declared', () => {
    const declared = Object.keys(compose['volumes'] as Json)
    const services = compose['services'] as Record<string, Json>
    for (const service of Object.values(services)) {
      for (const volume of (service['volumes'] ?? []) as string[]) {
        const [from = ''] = volume.split(':')
        const there = from.startsWith('.')
          ? existsSync(join(root, 'deploy', from))
          : declared.includes(from)
        assert.ok(there, volume)
      }
    }
    const { context, dockerfile } = at(services, 'outright', 'build') as Record<string, string>
    assert.ok(existsSync(join(root, 'deploy', context ?? '', dockerfile ?? '')))
  })

  test('variables are known to the server, and those that are demanded are in the first lines', async () => {
    const known = knownVariables()
    for (const name of Object.keys(at(compose, 'services', 'outright', 'environment') as Json)) {
      assert.ok(known.has(name), name)
    }
    const text = await read('deploy/compose.yaml')
    const [head = ''] = text.split('\nname:')
    const demanded = new Set([...text.matchAll(/\$\{(\w+):\?/g)].map(([, name = '']) => name))
    assert.equal(demanded.size, 4)
    for (const name of demanded) assert.ok(head.includes(`${name}=`), name)
  })

  test('no service is an image of ours: none is published', () => {
    const images = Object.values(compose['services'] as Record<string, Json>).map(
      ({ image }) => image,
    )
    assert.equal(JSON.stringify(images).includes('outright'), false)
  })
})

describe('Kubernetes', () => {
  const folder = 'deploy/kubernetes'
  async function objects(): Promise<Json[]> {
    const [kustomization] = await documents(`${folder}/kustomization.yaml`)
    const listed = at(kustomization, 'resources') as string[]
    const files = (await readdir(join(root, folder))).filter(
      (file) => file !== 'kustomization.yaml',
    )
    assert.deepEqual(listed.toSorted(), files.toSorted())
    return (await Promise.all(listed.map((file) => documents(`${folder}/${file}`)))).flat()
  }
  const ofKind = async (kind: string): Promise<Json[]> =>
    (await objects()).filter((object) => object['kind'] === kind)

  test('every object says what it is, and selectors find the pods', async () => {
    const [nodes] = await ofKind('StatefulSet')
    const labels = JSON.stringify(at(nodes, 'spec', 'template', 'metadata', 'labels'))
    for (const object of await objects()) {
      assert.ok(at(object, 'apiVersion') && at(object, 'metadata', 'name'), JSON.stringify(object))
    }
    const selectors = [
      at(nodes, 'spec', 'selector', 'matchLabels'),
      ...(await ofKind('Service')).map((service) => at(service, 'spec', 'selector')),
      ...(await ofKind('PodDisruptionBudget')).map((one) =>
        at(one, 'spec', 'selector', 'matchLabels'),
      ),
    ]
    assert.equal(selectors.length, 4)
    for (const selector of selectors) assert.equal(JSON.stringify(selector), labels)
    const services = (await ofKind('Service')).map((one) => at(one, 'metadata', 'name'))
    assert.ok(services.includes(at(nodes, 'spec', 'serviceName')))
  })

  test('the container has no rights that it does not need', async () => {
    const [nodes] = await ofKind('StatefulSet')
    const pod = at(nodes, 'spec', 'template', 'spec')
    assert.equal(at(pod, 'securityContext', 'runAsNonRoot'), true)
    assert.equal(at(pod, 'automountServiceAccountToken'), false)
    assert.deepEqual(at(pod, 'containers', 0, 'securityContext'), {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
  })

  test('probes ask what a server answers', async () => {
    const [nodes] = await ofKind('StatefulSet')
    const container = at(nodes, 'spec', 'template', 'spec', 'containers', 0)
    const paths = ['startupProbe', 'readinessProbe', 'livenessProbe'].map((probe) =>
      String(at(container, probe, 'httpGet', 'path')),
    )
    assert.deepEqual(paths, ['/readyz', '/readyz', '/healthz'])
    for (const path of paths) assert.equal((await server.call('GET', path)).status, 200)
  })

  test('variables and settings are known to the server; the template holds no secret', async () => {
    const known = knownVariables()
    const [nodes] = await ofKind('StatefulSet')
    const [secret] = await ofKind('Secret')
    const values = at(secret, 'stringData') as Record<string, string>
    const environment = at(nodes, 'spec', 'template', 'spec', 'containers', 0, 'env') as {
      name: string
    }[]
    for (const name of [...Object.keys(values), ...environment.map((one) => one.name)]) {
      assert.ok(known.has(name), name)
    }
    assert.ok(Object.values(values).every((value) => value.includes('REPLACE-ME')))
    // The service is named as our variables begin.
    assert.equal(at(nodes, 'spec', 'template', 'spec', 'enableServiceLinks'), false)
    const [config] = await ofKind('ConfigMap')
    await withFolder(async (data) => {
      const [[name, text] = ['', '']] = Object.entries(at(config, 'data') as Record<string, string>)
      await writeFile(join(data, name), text)
      const loaded = await loadConfig({}, { configPath: join(data, name) })
      assert.equal(loaded.issuer, 'https://auth.example')
    })
  })
})

describe('the other files', () => {
  test('YAML that programs of others read can be parsed', async () => {
    for (const path of [
      'deploy/prometheus/prometheus.yaml',
      'deploy/grafana/provisioning/datasources/prometheus.yaml',
      'deploy/grafana/provisioning/dashboards/outright.yaml',
    ]) {
      assert.equal((await documents(path)).length, 1, path)
    }
    const [prometheus] = await documents('deploy/prometheus/prometheus.yaml')
    const [rules] = at(prometheus, 'rule_files') as string[]
    assert.ok(existsSync(join(root, 'deploy/prometheus', rules ?? '')))
  })

  test('the unit and the image start what the package calls its command', async () => {
    const folder = 'packages/server'
    const { bin } = JSON.parse(await read(`${folder}/package.json`)) as {
      bin: { outright: string }
    }
    const command = `/opt/outright/${folder}/${bin.outright}`
    const unit = await read('deploy/systemd/outright.service')
    assert.match(unit, new RegExp(`^ExecStart=\\S+ ${command} serve$`, 'm'))
    const image = await read('deploy/Dockerfile')
    assert.ok(image.includes(command))
    assert.match(image, /^USER node$/m)
    assert.match(image, /^FROM node:24-slim$/m)
  })

  test('the unit gives up what a server does not need', async () => {
    const unit = await read('deploy/systemd/outright.service')
    for (const line of [
      'NoNewPrivileges=yes',
      'CapabilityBoundingSet=',
      'ProtectSystem=strict',
      'ProtectHome=yes',
      'PrivateTmp=yes',
      'StateDirectoryMode=0700',
      'UMask=0077',
      'Restart=always',
    ]) {
      assert.ok(unit.split('\n').includes(line), line)
    }
    const keys = unit.split('\n').filter((line) => line !== '' && !/^[#[]/.test(line))
    assert.ok(keys.every((line) => /^[A-Z][A-Za-z]+=/.test(line)))
  })

  test('commands of the manual exist', async () => {
    const manual = await read('docs/operating.md')
    const commands = new Set(
      [...manual.matchAll(/(?:^|`|… )outright ([a-z]+)/gm)].map(([, name = '']) => name),
    )
    assert.ok(commands.size > 8)
    for (const name of commands) {
      const { out } = await outright(['help', name])
      assert.ok(out.startsWith(`Usage: outright ${name} `), name)
    }
  })
})
