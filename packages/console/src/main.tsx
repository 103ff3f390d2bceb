/**
 * The console: what an operator sees and ends. It owns its pages and nothing that they show: every
 * figure comes from the admin API, through `outright/client`, and every change goes there.
 */
import { render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { api, signInAddress, troubleOf, type Trouble } from './lib/api.ts'
import { loadDialects } from './lib/dialects.ts'
import { followLive } from './lib/live.ts'
import { me } from './lib/me.ts'
import { applyPreferences } from './lib/preferences.ts'
import { followLinks } from './lib/router.ts'
import { Pages } from './pages/index.tsx'
import { Shell } from './shell/shell.tsx'
import { Card } from './ui/parts.tsx'
import { Skeleton, TroubleState } from './ui/states.tsx'
import './style.css'

function Console() {
  const [trouble, setTrouble] = useState<Trouble>()
  const [turn, setTurn] = useState(0)
  const known = me.use()
  useEffect(() => {
    void signedIn().then(setTrouble)
  }, [turn])
  return (
    <Shell>
      {known !== undefined ? (
        <Pages />
      ) : (
        <Card>
          {trouble === undefined ? (
            <Skeleton />
          ) : (
            <TroubleState
              trouble={trouble}
              retry={() => {
                setTrouble(undefined)
                setTurn(turn + 1)
              }}
            />
          )}
        </Card>
      )}
    </Shell>
  )
}

/** Asks who is signed in, before anything else; without a session the sign-in page follows. */
async function signedIn(): Promise<Trouble | undefined> {
  try {
    const answer = await api.me()
    await loadDialects()
    me.set(answer)
    void followLive()
    return undefined
  } catch (error) {
    const trouble = troubleOf(error)
    if (trouble.kind === 'signed-out') location.assign(signInAddress())
    return trouble
  }
}

applyPreferences()
followLinks()
const root = document.querySelector('#console')
if (root !== null) render(<Console />, root)
