/*
 * One guard, one node, one logout that is asked for twice: every order of events, for the model
 * checker Spin. The node may restart at any time: who asked it then gets an error, and may ask the
 * next run again, which knows the log and not who holds a lease that this one granted.
 *
 *   spin -a lease.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan -m1000000
 *
 * Time is a counter that anybody may let advance, so a step may take any time: frozen processes and slow
 * networks need no words of their own. Clocks run at one rate here; the margin for rates is arithmetic
 * (docs/lease-argument.md). A lease of a ping sent at s is good while now < s + LEASE; the node counts
 * COUNTED from the receipt.
 *
 * What is broken on purpose, to see that the model notices: -DPONG_FIRST, -DFORGET_GONE, -DCOUNT_SHORT,
 * -DFROM_PONG, -DACK_FIRST, -DNO_MEMORY, -DSHORTCUT, -DOLD_IS_DONE.
 */

#ifndef LAST
#define LAST 7
#endif
#define LEASE 2
#ifdef COUNT_SHORT
#define COUNTED 1
#else
#define COUNTED 2
#endif

mtype = { ping, ack, start, entry, pong, snapshot };

/* Type, and the time of the ping, or the mark: 1 with the entry, 0 without. */
chan toNode = [3] of { mtype, byte };
chan toGuard = [3] of { mtype, byte };

byte now = 0;

/* The node. countedUntil: 0 for a guard that holds no lease. */
bool serving = false;    /* has sent the snapshot on this connection */
bool published = false;
bool sent = false;
bool acknowledged = false;
bool asked = false;      /* somebody waits at this run for the answer to the logout */
bool pending = false;    /* this run waits until nobody can accept any more */
bool confirmed = false;  /* the logout was answered */
bool again = false;      /* the second one was: it has ended already, and is over */
byte countedUntil = 0;
byte deadline = 0;

/* The guard. */
bool connected = false;
bool following = false;
bool applied = false;
byte leaseEnd = 0;

inline cut() {
  do
  :: toNode ? _, _
  :: toGuard ? _, _
  :: empty(toNode) && empty(toGuard) -> break
  od;
  connected = false;
  following = false;
  serving = false
}

active proctype Time() {
  do
  :: now < LAST -> now++
  :: now == LAST -> break
  od
}

active proctype Node() {
  byte sentAt;
  do
  /* A logout is committed: whoever may hold a lease is waited for. */
  :: atomic { !published ->
       published = true;
       sent = false;
       acknowledged = false;
       asked = true;
       pending = true;
       deadline = countedUntil }

  /* It goes out, some time. */
  :: atomic { published && !sent && serving && nfull(toGuard) ->
       toGuard ! entry, 0;
       sent = true }

  :: atomic { pending && (acknowledged || now >= deadline) ->
       pending = false;
       confirmed = confirmed || asked }

  /* Somebody logs out again, at this run or at a later one: it adds nothing, and waits for what is
   * pending, whoever asked for that. */
#ifdef SHORTCUT
  :: atomic { published && !again -> again = true }
#else
  :: atomic { published && !again && !pending -> again = true }
#endif

  :: atomic { nfull(toGuard) && toNode ? [start, _] ->
       toNode ? start, _;
       /* The snapshot holds what was published; the tail is what comes after it. */
       toGuard ! snapshot, published;
       sent = published;
       serving = true }

  :: atomic { len(toGuard) < 2 && toNode ? [ping, _] ->
       toNode ? ping, sentAt;
#ifndef PONG_FIRST
       if
       :: published && !sent && serving -> toGuard ! entry, 0; sent = true
       :: else
       fi;
#endif
       countedUntil = now + COUNTED;
       toGuard ! pong, sentAt;
       sentAt = 0 }

  :: atomic { toNode ? [ack, _] ->
       toNode ? ack, sentAt;
       acknowledged = acknowledged || sentAt == 1;
       sentAt = 0 }

  /* The connection breaks. What is on its way is lost; the lease is not. */
  :: atomic { connected -> cut();
#ifdef FORGET_GONE
       countedUntil = 0; deadline = 0;
#endif
       sent = false }

  /* The node restarts. It remembers the log, and that leases were granted. */
  :: atomic { now < LAST - 3 -> cut();
#ifdef NO_MEMORY
       countedUntil = 0;
#else
       countedUntil = now + COUNTED;
#endif
       deadline = countedUntil;
       acknowledged = false;
       asked = false;
#ifdef OLD_IS_DONE
       pending = false;
#else
       /* Batch 0: what is in the log may be unknown to guards of the run before. */
       pending = published;
#endif
       sent = false }

  :: now == LAST -> break
  od
}

active proctype Guard() {
  byte value;
  do
  :: atomic { !connected && nfull(toNode) -> connected = true; toNode ! start, 0 }

  :: atomic { connected && len(toNode) < 2 -> toNode ! ping, now }

  :: atomic { nfull(toNode) && toGuard ? [snapshot, _] ->
       toGuard ? snapshot, value;
       /* Another replica: the lease of the one before does not hold for it. */
       leaseEnd = 0;
       applied = value;
       following = true;
       toNode ! ack, value;
       value = 0 }

#ifdef ACK_FIRST
  :: atomic { nfull(toNode) && toGuard ? [entry, _] -> toGuard ? entry, _; toNode ! ack, 1 }
  :: atomic { following && published && sent && !applied -> applied = true }
#else
  :: atomic { nfull(toNode) && toGuard ? [entry, _] ->
       toGuard ? entry, _;
       applied = true;
       toNode ! ack, 1 }
#endif

  :: atomic { toGuard ? [pong, _] ->
       toGuard ? pong, value;
#ifdef FROM_PONG
       value = now;
#endif
       if
       :: following && value + LEASE > leaseEnd -> leaseEnd = value + LEASE
       :: else
       fi;
       value = 0 }

  /* It accepts: the promise. */
  :: atomic { now < leaseEnd && !applied -> assert(!confirmed && !again) }

  :: now == LAST -> break
  od
}
