import type { ComponentChildren } from 'preact'
import { signInAddress, type Trouble } from '../lib/api.ts'
import type { Loaded } from '../lib/load.ts'
import { useWords } from '../words/index.ts'
import { Icon, type IconName } from './icon.tsx'

interface StateProps {
  readonly icon: IconName
  readonly title: string
  readonly text?: string
  readonly children?: ComponentChildren
}

/** What stands where there is nothing else to show, and why. */
export function State({ icon, title, text, children }: StateProps) {
  return (
    <div class="state" role="status">
      <Icon name={icon} />
      <strong>{title}</strong>
      {text !== undefined && <p>{text}</p>}
      {children}
    </div>
  )
}

export function Skeleton() {
  const words = useWords()
  return (
    <div class="skeleton" role="status">
      <span class="hidden">{words.states.loading}</span>
      {[1, 2, 3, 4, 5].map((line) => (
        <i key={line} />
      ))}
    </div>
  )
}

export function TroubleState({
  trouble,
  retry,
}: {
  readonly trouble: Trouble
  readonly retry: () => void
}) {
  const { states } = useWords()
  switch (trouble.kind) {
    case 'offline':
      return (
        <State icon="offline" title={states.offlineTitle} text={states.offline}>
          <button type="button" class="button" onClick={retry}>
            {states.retry}
          </button>
        </State>
      )
    case 'signed-out':
      return (
        <State icon="lock" title={states.signedOutTitle} text={states.signedOut}>
          <a class="button primary" href={signInAddress()}>
            {states.signIn}
          </a>
        </State>
      )
    case 'forbidden':
      return (
        <State icon="lock" title={states.forbiddenTitle} text={states.forbidden(trouble.role)} />
      )
    case 'not-found':
      return <State icon="empty" title={states.notFoundTitle} text={states.notFound} />
    case 'refused':
      return (
        <State icon="warning" title={states.refusedTitle} text={trouble.message}>
          <button type="button" class="button" onClick={retry}>
            {states.retry}
          </button>
        </State>
      )
  }
}

/** Shows what was asked for, or what stands in its way; what was there stays while it is asked anew. */
export function Shown<T>({
  of,
  children,
}: {
  readonly of: Loaded<T>
  readonly children: (value: T) => ComponentChildren
}) {
  const { states } = useWords()
  const { value, trouble, reload } = of
  if (value === undefined) {
    return trouble === undefined ? <Skeleton /> : <TroubleState trouble={trouble} retry={reload} />
  }
  if (trouble?.kind === 'signed-out' || trouble?.kind === 'forbidden') {
    return <TroubleState trouble={trouble} retry={reload} />
  }
  return (
    <>
      {trouble !== undefined && (
        <div class="banner" role="status">
          <Icon name="offline" />
          <p>{trouble.kind === 'refused' ? trouble.message : states.offline}</p>
        </div>
      )}
      {children(value)}
    </>
  )
}
