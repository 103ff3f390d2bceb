/** `/devices` while it is open: keeps the list current, and shows local times. */

const PATH = '/devices'
const LIST = 'list'

function showLocalTimes() {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, {
    dateStyle: 'medium',
    timeStyle: 'short',
  })
  for (const time of document.querySelectorAll('time')) {
    time.textContent = format.format(new Date(time.dateTime))
  }
}

/** Whether a form is on its way: the page that answers it is shown then, and no other. */
let isSubmitting = false

/** Loads the page anew, and sends no form again. */
function leave() {
  if (!isSubmitting) location.replace(PATH)
}

async function refresh() {
  const answer = await fetch(PATH, { cache: 'no-store', redirect: 'manual' }).catch(() => undefined)
  // Broken off, as the stream is then or the page: it is asked for again when one of them is back.
  if (answer === undefined) return
  // After a logout the login page is shown.
  if (!answer.ok) return leave()
  const next = new DOMParser().parseFromString(await answer.text(), 'text/html')
  const [old, fresh] = [document.getElementById(LIST), next.getElementById(LIST)]
  if (old === null || fresh === null) return leave()
  if (fresh.outerHTML === written) return
  written = fresh.outerHTML
  old.replaceWith(fresh)
  showLocalTimes()
  const news = document.getElementById('news')
  if (news !== null) news.textContent = news.dataset['changed'] ?? ''
}

/** The list as the server has written it. */
let written = document.getElementById(LIST)?.outerHTML
showLocalTimes()
const events = new EventSource('/devices/events')
// What has changed since the page was made, or while the stream was broken, is told by no event.
events.addEventListener('ready', () => void refresh())
events.addEventListener('changed', () => void refresh())
document.addEventListener('submit', () => {
  isSubmitting = true
  events.close()
})
events.addEventListener('signed-out', () => {
  events.close()
  leave()
})
// Refused for good: reloading the page shows whether the person is still logged in.
events.addEventListener('error', () => {
  if (events.readyState === EventSource.CLOSED) void refresh()
})
