/*
 * act_options: what the second table of act.PLUGIN.ACTION(args, options) may hold.
 */
#ifndef HK_SCRIPT_ACT_OPTIONS_H
#define HK_SCRIPT_ACT_OPTIONS_H

#define HK_ACT_OPTIONS "expires", "because", "timeout", "ask"

#endif
