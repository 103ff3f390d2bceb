/** Ending: what to end, a preview, a confirmation, and then the real outcome. */
import { isolated, ownClients, type WireDryRun } from 'outright/client'
import { useState } from 'preact/hooks'
import { api } from '../lib/api.ts'
import { count, moment } from '../lib/format.ts'
import { useLoad } from '../lib/load.ts'
import { useMay } from '../lib/me.ts'
import { address, navigate, usePlace } from '../lib/router.ts'
import { clientName, Named } from '../ui/named.tsx'
import { Ago, Card, Facts, Field, Head, Table } from '../ui/parts.tsx'
import { ChoiceFilter, TextFilter, useFilter } from '../ui/query-filters.tsx'
import { Shown, State } from '../ui/states.tsx'
import { useWords } from '../words/index.ts'
import { endingScopes, isWide, readTarget, targetOf, type Target } from './ending.ts'
import { Submission } from './submission.tsx'

const reasons = ['revoked_by_operator', 'compromised', 'device_lost'] as const

export function EndPage() {
  const words = useWords()
  const { end } = words
  const { query } = usePlace()
  const target = readTarget(query)
  return (
    <>
      <Head title={end.title} lead={end.lead} />
      <div class="columns">
        <What />
        <Card title={end.preview}>
          {target === undefined ? (
            <State icon="end" title={end.previewEmpty} />
          ) : (
            <Preview key={JSON.stringify(target)} target={target} />
          )}
        </Card>
      </div>
    </>
  )
}

function What() {
  const { end, common } = useWords()
  const [scope] = useFilter('scope')
  const known = endingScopes.find((one) => one === scope)
  return (
    <Card title={end.what}>
      <div class="body stack">
        <ChoiceFilter
          name="scope"
          label={common.scope}
          options={endingScopes.map((one) => [one, end.scopes[one]])}
          none={end.choose}
        />
        {known !== undefined && known !== 'everyone' && (
          <TextFilter name="key" label={end.keys[known]} />
        )}
        {known !== 'key' && (
          <div>
            <TextFilter name="issuer" label={end.issuer} />
            <p class="soft hint">{end.issuerHint}</p>
          </div>
        )}
      </div>
    </Card>
  )
}

/** A dry run names the largest clients only, and everyone has more of them. */
function endsOperators({ scope, issuer }: Target, { clients }: WireDryRun): boolean {
  if (issuer !== undefined) return false
  return scope === 'everyone' || clients.some(({ client }) => client === ownClients.console)
}

function Preview({ target }: { readonly target: Target }) {
  const words = useWords()
  const { end } = words
  // A key that signed is not tried out: how many tokens it has signed is stored nowhere.
  const dryRun = useLoad(
    () =>
      target.scope === 'key'
        ? Promise.resolve(undefined)
        : api.dryRun(targetOf(target)).then((found) => ({ found })),
    ['dry', target],
  )
  const verifiers = useLoad(() => api.verifiers(), ['verifiers'])
  if (target.scope !== 'key' && dryRun.value === undefined) {
    return <Shown of={dryRun}>{() => null}</Shown>
  }
  const found = dryRun.value?.found
  return (
    <>
      <div class="body stack">
        {found !== undefined && <Amount of={found} isForeign={target.issuer !== undefined} />}
        <Facts
          of={[
            [end.named, found === undefined ? undefined : nameOf(target, found)],
            [
              end.clients,
              found === undefined || found.clients.length === 0
                ? undefined
                : found.clients
                    .map(
                      ({ client, clientName: name, sessions }) =>
                        `${isolated(clientName(words, client, name))} (${count(sessions)})`,
                    )
                    .join(', '),
            ],
            [
              end.receivers,
              found === undefined ? undefined : found.receivers.join(', ') || end.receiversNone,
            ],
            [
              end.verifiers,
              verifiers.value === undefined
                ? undefined
                : end.verifiersText(verifiers.value.filter(({ fresh }) => fresh).length),
            ],
          ]}
        />
        {target.scope === 'subject' && target.issuer === undefined && found?.known === true && (
          <p class="banner">
            <span>
              {end.comesBack} <a href={address(['people', target.key])}>{end.keepOut}</a>
            </span>
          </p>
        )}
        {found !== undefined && endsOperators(target, found) && (
          <p class="banner">{end.signsOut}</p>
        )}
        <Confirm target={target} sessions={found?.sessions} />
      </div>
      {found !== undefined && found.sample.length > 0 && <Sample of={found} />}
    </>
  )
}

/** The name of what the key identifies, so that no similar id is ended by mistake. */
function nameOf({ scope, key }: Target, { sample, clients }: WireDryRun): string | undefined {
  const nameIn = (): string | null | undefined => {
    if (scope === 'subject' || scope === 'session') return sample[0]?.subjectName
    return scope === 'client' ? clients.find(({ client }) => client === key)?.clientName : undefined
  }
  return isolated(nameIn() ?? '')
}

function Amount({ of, isForeign }: { readonly of: WireDryRun; readonly isForeign: boolean }) {
  const { end } = useWords()
  const note = isForeign ? end.foreign : of.known ? undefined : end.unknownKey
  const amount = isForeign ? end.seen(of.sessions) : end.sessions(of.sessions)
  return (
    <div class="stack tight">
      <p class="figure">{amount}</p>
      {note !== undefined && <p class="banner">{note}</p>}
      {of.tokensValidUntil !== null && <p class="soft">{end.until(moment(of.tokensValidUntil))}</p>}
    </div>
  )
}

function Sample({ of }: { readonly of: WireDryRun }) {
  const words = useWords()
  const { end, sessions } = words
  return (
    <Table
      label={end.sample}
      rows={of.sample.slice(0, 5)}
      keyOf={({ sid }) => sid}
      columns={[
        {
          name: sessions.person,
          cell: ({ subject, subjectName }) => <Named name={subjectName} id={subject} />,
        },
        {
          name: sessions.client,
          cell: ({ client, clientName: name }) => (
            <span class="cut">{clientName(words, client, name)}</span>
          ),
        },
        { name: sessions.opened, cell: ({ createdAt }) => <Ago at={createdAt} /> },
      ]}
    />
  )
}

function Confirm({
  target,
  sessions,
}: {
  readonly target: Target
  readonly sessions: number | undefined
}) {
  const words = useWords()
  const { end, states, shell } = words
  const [reason, setReason] = useState<(typeof reasons)[number]>('revoked_by_operator')
  const [note, setNote] = useState('')
  const [typed, type] = useState('')
  const isWideOne = isWide(target, sessions)
  const role = target.scope === 'everyone' || target.scope === 'key' ? 'admin' : 'operator'
  const may = useMay(role)
  const word = target.scope === 'everyone' ? 'everyone' : target.key
  if (!may) return <p class="banner">{states.needs(shell.roles[role])}</p>
  return (
    <>
      {target.scope !== 'key' && (
        <>
          <Field label={end.reason}>
            <select
              value={reason}
              onChange={(event) => {
                setReason(event.currentTarget.value as typeof reason)
              }}
            >
              {reasons.map((one) => (
                <option key={one} value={one}>
                  {words.reasons[one] ?? one}
                </option>
              ))}
            </select>
          </Field>
          <Field label={end.note}>
            <input
              value={note}
              maxLength={500}
              onInput={(event) => {
                setNote(event.currentTarget.value)
              }}
            />
          </Field>
        </>
      )}
      {isWideOne && (
        <Field label={end.confirm(word)}>
          <input
            value={typed}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => {
              type(event.currentTarget.value)
            }}
          />
        </Field>
      )}
      <Submission
        target={target}
        options={{ reason, note }}
        isReady={!isWideOne || typed === word}
        label={sessions === undefined || sessions === 0 ? end.submitPlain : end.submit(sessions)}
        onStored={(id) => {
          navigate(address(['revocations', id]))
        }}
      />
    </>
  )
}
