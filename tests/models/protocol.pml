/* The protocol between a kiosk's journal, its mirror and the store: what is promised, what is told, what counts.
 *
 * One kiosk with EVENTS (2 or 3) events of one patron who may have LIMIT items; another desk that lends to them too;
 * a line that loses, doubles, holds back and overtakes; a kiosk, a store and a pull that die at any moment.
 * What a process keeps in its own variables dies with it; the arrays and `last` and those beside it are on a disk.
 *
 * -DNO_KEY            the store does not know an event again
 * -DTWO_TRANSACTIONS  the store writes the effect, and the key of the event in a second transaction
 * -DPROMISE_FIRST     the kiosk says "lent" and commits to the journal afterwards
 * -DDROP_CONFLICT     the store does nothing for a fact that it would not have allowed, and says so to nobody
 * -DFORGET_ACKED      what was acknowledged no longer counts, although the mirror does not contain it yet
 * -DFORGET_TURNED    a request that became a fact counts by its own number alone: a mirror that has the number has the loan
 * -DCURSOR_FIRST      the mirror commits the cursor of a page, and its rows in a second transaction
 */
#ifndef EVENTS
#define EVENTS 3
#endif
#ifndef LIMIT
#define LIMIT 2
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef PULLS
#define PULLS 1
#endif

/* What the journal says of an event, and what is sent: the first three are also the kinds of a message. */
#define NOTHING 0
#define REQUEST 1
#define FACT 2
#define VOID 3
#define DONE 4
/* Answers of the store. */
#define LENT 5
#define REFUSED 6
#define VOIDED 7

/* The kiosk's disk. */
byte journal[EVENTS + 1];
byte heard[EVENTS + 1];
byte appended;
byte turned[EVENTS + 1];     /* of a request that became a fact: the number that came next then */
byte mirrorLoans, mirrorSeq;
bool inMirror[EVENTS + 1];   /* which own loans are among them: an item is not counted twice */
/* What the patron saw: no disk, but nobody can take it back. */
bool told[EVENTS + 1];
/* The store's disk. `loans`: all of this patron; `others`: those that another desk made. */
byte answer[EVENTS + 1];
byte effect[EVENTS + 1];
bool conflict[EVENTS + 1];
bool flagged[EVENTS + 1];
byte last, loans, others;
/* Chance. */
byte deaths, pulls;
bool dying, over;

chan line = [2] of { byte, byte };
chan back = [1] of { byte, byte, byte };

#define WAITS(s) (s <= appended && (journal[s] == REQUEST || journal[s] == FACT || journal[s] == VOID))

/* The oldest event that is not acknowledged, 0 where there is none. */
inline oldest(s) {
	d_step {
		s = 1;
		do
		:: s > appended -> s = 0; break
		:: s <= appended && WAITS(s) -> break
		:: else -> s++
		od
	}
}

/* Whatever has a number that came after the turning was told after the fact, because nothing overtakes. */
#ifdef FORGET_TURNED
#define UNCONTAINED(e) (e > mirrorSeq)
#else
#define UNCONTAINED(e) (e > mirrorSeq || turned[e] > mirrorSeq)
#endif
#ifdef FORGET_ACKED
#define COUNTS(e) (UNCONTAINED(e) && !inMirror[e] && (journal[e] == FACT || journal[e] == REQUEST))
#else
#define COUNTS(e) (UNCONTAINED(e) && !inMirror[e] && (journal[e] == FACT || journal[e] == REQUEST || (journal[e] == DONE && heard[e] == LENT)))
#endif

/* Whether the offline desk lends the item of event `mine`: the mirror, and own events that it does not contain. */
inline counted(mine, sum) {
	d_step {
		sum = mirrorLoans; e = 1;
		do
		:: e > appended -> break
		:: e <= appended ->
			if
			:: e != mine && COUNTS(e) -> sum++
			:: else
			fi;
			e++
		od
	}
}

/* What was shown is never taken back, so it is never shown before the journal has it. */
inline lendOffline(s) {
#ifdef PROMISE_FIRST
	told[s] = true;
	atomic { journal[s] = FACT; turned[s] = appended + 1 };
#else
	atomic { journal[s] = FACT; turned[s] = appended + 1 };
	told[s] = true;
#endif
}

inline hear(s, a) {
	atomic { journal[s] = DONE; heard[s] = a }
}

proctype Kiosk() {
	byte s, a, e, sum;
again:
	{
		do
		:: atomic { oldest(s); s != 0 && nfull(line) -> line!journal[s], s };  /* redelivery, the head of the queue only */
			if
			:: back??eval(journal[s]), eval(s), a -> hear(s, a)
			:: true                                                        /* no answer in time */
			fi;
			a = 0; s = 0
		:: atomic { oldest(s); s == 0 && appended < EVENTS -> appended++; s = appended; journal[s] = REQUEST };
			if
			:: atomic { nfull(line) -> line!REQUEST, s };
				if
				:: back??REQUEST, eval(s), a -> hear(s, a); told[s] = (a == LENT)
				:: true -> counted(s, sum);
					if
					:: sum < LIMIT -> lendOffline(s)
					:: else                                                    /* stays open, and is told as it was */
					fi
				fi
			:: true -> counted(s, sum);                                        /* it certainly never left */
				if
				:: sum < LIMIT -> lendOffline(s)
				:: true -> journal[s] = VOID
				fi
			fi;
			a = 0; s = 0; sum = 0; e = 0
		:: atomic { oldest(s); s != 0 && appended < EVENTS -> s = appended + 1 };  /* nothing overtakes: a fact */
			counted(s, sum);
			if
			:: sum < LIMIT ->
#ifdef PROMISE_FIRST
				told[s] = true; atomic { appended++; journal[s] = FACT }
#else
				atomic { appended++; journal[s] = FACT }; told[s] = true
#endif
			:: else
			fi;
			a = 0; s = 0; sum = 0; e = 0
		:: atomic { oldest(s); s == 0 && appended == EVENTS -> over = true }; break
		od
	} unless { atomic { dying -> dying = false; s = 0; a = 0; sum = 0; e = 0 }; goto again }
}

inline apply(k, s) {
	if
	:: k == VOID -> answer[s] = VOIDED
	:: k == REQUEST && loans < LIMIT -> answer[s] = LENT; effect[s]++; loans++
	:: k == REQUEST -> answer[s] = REFUSED                 /* over the limit, or another rule */
	:: k == FACT && loans < LIMIT -> answer[s] = LENT; effect[s]++; loans++
	:: k == FACT -> contradict(s)                          /* over the limit, or lent to another meanwhile */
	fi
}

/* It happened all the same: recorded, and shown to staff. */
inline contradict(s) {
	conflict[s] = true; answer[s] = LENT;
#ifndef DROP_CONFLICT
	effect[s]++; loans++; flagged[s] = true
#endif
}

proctype Store() {
	byte k, s;
	do
#if defined(NO_KEY)
	:: atomic { line?k, s -> apply(k, s);
		if :: s > last -> last = s :: else fi;
#elif defined(TWO_TRANSACTIONS)
	:: atomic { line?k, s -> if :: s == last + 1 -> apply(k, s) :: s <= last && k == FACT && answer[s] != LENT -> contradict(s) :: else fi };
	   atomic { if
		:: true                                            /* dies here */
		:: s > last -> last = s
		:: else
		fi;
#else
	:: atomic { line?k, s ->
		if
		:: s == last + 1 -> last = s; apply(k, s)
		:: s <= last && k == FACT && answer[s] != LENT -> contradict(s)   /* refused, the refusal lost, and lent */
		:: else                                            /* known: the same answer. A gap: none */
		fi;
#endif
		if
		:: s <= last && nfull(back) -> back!k, s, answer[s]
		:: true                                            /* dies after the commit, or the answer is lost */
		fi;
		k = 0; s = 0 }
	:: atomic { others < 1 && loans < LIMIT -> others++; loans++ }
	od
}

proctype Line() {
	byte k, s;
	do
	:: atomic { nempty(line) -> line?k, s; k = 0; s = 0 }
	:: atomic { nempty(line) && nfull(line) -> line?<k, s>; line!k, s; k = 0; s = 0 }
	:: atomic { len(line) == 2 -> line?k, s; line!k, s; k = 0; s = 0 }
	:: atomic { nempty(back) -> back?_, _, _ }
	od
}

/* Its own process: an escape goes before everything else, so that it has to become possible at some moment. */
proctype Death() {
	do
	:: atomic { deaths < DEATHS && !over -> deaths++; dying = true }
	od
}

inline keep() {
	e = 1;
	do
	:: e > EVENTS -> break
	:: else -> inMirror[e] = own[e]; e++
	od;
	e = 0
}

proctype Pull() {
	byte n, q, e;
	bool own[EVENTS + 1];
	do
	:: atomic { pulls < PULLS -> pulls++; n = loans; q = last; e = 1;
		do
		:: e > EVENTS -> break
		:: else -> own[e] = (effect[e] > 0); e++
		od; e = 0 };
		if
		:: true                                            /* dies: nothing is there of the page */
#ifdef CURSOR_FIRST
		:: mirrorSeq = q;
			if
			:: atomic { mirrorLoans = n; keep() }
			:: true
			fi
#else
		:: atomic { mirrorLoans = n; mirrorSeq = q; keep() }
#endif
		fi;
		atomic { n = 0; q = 0; e = 1;
		do
		:: e > EVENTS -> break
		:: else -> own[e] = false; e++
		od; e = 0 }
	od
}

#define IN(s) (journal[s] == FACT || (journal[s] == DONE && heard[s] == LENT))
#define PROMISED(s) (!told[s] || IN(s))                                             /* told: durable */
#define ONCE(s) (effect[s] <= 1)                                                    /* one effect a key */
#define ACKED(s) (journal[s] != DONE || (answer[s] != NOTHING && (heard[s] == LENT) == (effect[s] == 1)))
#define SEEN(s) (!conflict[s] || (effect[s] == 1 && flagged[s]))                    /* nothing in silence */
#define PREFIX(s) (s > last || answer[s] != NOTHING)                                /* in sequence, no hole */
#define AGREE(s) (!over || (journal[s] == DONE && heard[s] == answer[s]))           /* drained: both say the same */
#if EVENTS == 2
#define ALL(p) (p(1) && p(2))
#else
#define ALL(p) (p(1) && p(2) && p(3))
#endif
/* Loans pass the limit only by what the outage hid: loans at another desk. */
#define WITHIN (loans <= LIMIT + others)
#define CONTAINED (mirrorSeq <= last)

proctype Watch() {
	end: atomic {
		!(ALL(PROMISED) && ALL(ONCE) && ALL(ACKED) && ALL(SEEN) && ALL(PREFIX) && ALL(AGREE) && WITHIN && CONTAINED) ->
		assert(ALL(PROMISED)); assert(ALL(ONCE)); assert(ALL(ACKED)); assert(ALL(SEEN));
		assert(ALL(PREFIX)); assert(ALL(AGREE)); assert(WITHIN); assert(CONTAINED)
	}
}

init { atomic { run Kiosk(); run Store(); run Line(); run Pull(); run Death(); run Watch() } }
