/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mailbox.
 */
#include "lib/worker/mailbox.h"

static_assert((MAILBOX_POSTS_MAX & (MAILBOX_POSTS_MAX - 1)) == 0, "places are found by masking");

static struct mailbox_post *mailbox_place(struct mailbox *mailbox, uint32_t turn)
{
	return &mailbox->post[turn & (MAILBOX_POSTS_MAX - 1)];
}

void mailbox_make(struct mailbox *mailbox)
{
	for (uint32_t i = 0; i < MAILBOX_POSTS_MAX; i++)
		atomic_store_explicit(&mailbox->post[i].turn, i, memory_order_relaxed);
	atomic_store_explicit(&mailbox->tail, 0, memory_order_release);
	mailbox->head = 0;
}

bool mailbox_put(struct mailbox *mailbox, void (*function)(struct sluice_worker *, void *), void *argument)
{
	uint32_t tail = atomic_load_explicit(&mailbox->tail, memory_order_relaxed);
	struct mailbox_post *post;

	for (;;) {
		uint32_t turn;

		post = mailbox_place(mailbox, tail);
		turn = atomic_load_explicit(&post->turn, memory_order_acquire);
		if (turn == tail) {
			if (atomic_compare_exchange_weak_explicit(&mailbox->tail, &tail, tail + 1, memory_order_relaxed,
								  memory_order_relaxed))
				break;
		} else if ((int32_t)(turn - tail) < 0) {
			return false;
		} else {
			tail = atomic_load_explicit(&mailbox->tail, memory_order_relaxed);
		}
	}
	post->function = function;
	post->argument = argument;
	atomic_store_explicit(&post->turn, tail + 1, memory_order_release);
	return true;
}

bool mailbox_take(struct mailbox *mailbox, void (**function)(struct sluice_worker *, void *), void **argument)
{
	struct mailbox_post *post = mailbox_place(mailbox, mailbox->head);

	if (atomic_load_explicit(&post->turn, memory_order_acquire) != mailbox->head + 1)
		return false;
	*function = post->function;
	*argument = post->argument;
	atomic_store_explicit(&post->turn, mailbox->head + MAILBOX_POSTS_MAX, memory_order_release);
	mailbox->head++;
	return true;
}

bool mailbox_is_empty(const struct mailbox *mailbox)
{
	const struct mailbox_post *post = &mailbox->post[mailbox->head & (MAILBOX_POSTS_MAX - 1)];

	return atomic_load_explicit(&post->turn, memory_order_relaxed) != mailbox->head + 1;
}
