/** `/devices` while somebody looks: the list changes as it does, and times are those of the person. */

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

async function refresh() {
  const answer = await fetch(location.pathname, { cache: 'no-store', redirect: 'manual' })
  // Whoever is logged out is asked to log in.
  if (!answer.ok) return location.reload()
  const next = new DOMParser().parseFromString(await answer.text(), 'text/html')
  const [old, fresh] = [document.getElementById(LIST), next.getElementById(LIST)]
  if (old === null || fresh === null) return location.reload()
  old.replaceWith(fresh)
  showLocalTimes()
  const news = document.getElementById('news')
  if (news !== null) news.textContent = news.dataset['changed'] ?? ''
}

showLocalTimes()
const events = new EventSource('/devices/events')
events.addEventListener('changed', () => void refresh())
events.addEventListener('signed-out', () => {
  events.close()
  // Not a form again that has been sent.
  location.replace('/devices')
})
