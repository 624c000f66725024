/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a device's name says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/port/port.h"

static void test_kinds(void **state)
{
	(void)state;
	assert_int_equal(port_kind_of("ring:a"), PORT_RING);
	assert_int_equal(port_kind_of("net_tap0,iface=x"), PORT_VIRTUAL);
	assert_int_equal(port_kind_of("net_af_packet0,iface=x"), PORT_VIRTUAL);
	assert_int_equal(port_kind_of("eth_ring0"), PORT_VIRTUAL);
	assert_int_equal(port_kind_of("net_memif0,role=server"), PORT_VIRTUAL);
	assert_int_equal(port_kind_of("net_memif0,role=client,zero-copy=yes"), PORT_SHARED);
	assert_int_equal(port_kind_of("net_virtio_user0,path=x"), PORT_SHARED);
	assert_int_equal(port_kind_of("0000:01:00.0"), PORT_BUS);
}

static void test_words_are_no_bus_addresses(void **state)
{
	(void)state;
	assert_true(port_is_bus_address("0000:01:00.0"));
	assert_true(port_is_bus_address("01:00.0,some=argument"));
	assert_true(port_is_bus_address("dpni.1"));
	assert_false(port_is_bus_address("tap0"));
	assert_false(port_is_bus_address("tap0,iface=a.b"));
}

static void test_names_and_arguments(void **state)
{
	char name[PORT_NAME_BYTES];

	(void)state;
	port_name_of("net_tap0,iface=x,mac=fixed", name);
	assert_string_equal(name, "net_tap0");
	assert_string_equal(port_arguments_of("net_tap0,iface=x,mac=fixed"), "iface=x,mac=fixed");
	port_name_of("net_null0", name);
	assert_string_equal(name, "net_null0");
	assert_string_equal(port_arguments_of("net_null0"), "");
	port_name_of("0123456789012345678901234567890123456789012345678901234567890123456789", name);
	assert_string_equal(name, "012345678901234567890123456789012345678901234567890123456789012");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_words_are_no_bus_addresses),
		cmocka_unit_test(test_names_and_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
