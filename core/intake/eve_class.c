/*
 * eve_class: categories for Suricata's classes. EVE carries a class by the text that
 * classification.config gives it. The first table has the texts that rules are shipped with; the
 * second finds words in the texts of others.
 */
#include "intake/forms.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct class
{
    const char *text;
    const char *category;
};

static const struct class classes[] = {
    {"Not Suspicious Traffic", "network"},
    {"Unknown Traffic", "network"},
    {"Potentially Bad Traffic", "network"},
    {"Attempted Information Leak", "network"},
    {"Information Leak", "network"},
    {"Large Scale Information Leak", "data"},
    {"Attempted Denial of Service", "network"},
    {"Denial of Service", "network"},
    {"Attempted User Privilege Gain", "network"},
    {"Unsuccessful User Privilege Gain", "authentication"},
    {"Successful User Privilege Gain", "network"},
    {"Attempted Administrator Privilege Gain", "network"},
    {"Successful Administrator Privilege Gain", "network"},
    {"Decode of an RPC Query", "network"},
    {"Executable code was detected", "malware"},
    {"A suspicious string was detected", "network"},
    {"A suspicious filename was detected", "malware"},
    {"An attempted login using a suspicious username was detected", "authentication"},
    {"A system call was detected", "network"},
    {"A TCP connection was detected", "network"},
    {"A Network Trojan was detected", "malware"},
    {"A client was using an unusual port", "network"},
    {"Detection of a Network Scan", "network"},
    {"Detection of a Denial of Service Attack", "network"},
    {"Detection of a non-standard protocol or event", "network"},
    {"Generic Protocol Command Decode", "network"},
    {"access to a potentially vulnerable web application", "web"},
    {"Web Application Attack", "web"},
    {"Misc activity", "network"},
    {"Misc Attack", "network"},
    {"Generic ICMP event", "network"},
    {"Inappropriate Content was Detected", "network"},
    {"Potential Corporate Privacy Violation", "network"},
    {"Attempt to login by a default username and password", "authentication"},
    {"Targeted Malicious Activity was Detected", "malware"},
    {"Exploit Kit Activity Detected", "malware"},
    {"Device Retrieving External IP Address Detected", "network"},
    {"Domain Observed Used for C2 Detected", "malware"},
    {"Possibly Unwanted Program Detected", "malware"},
    {"Successful Credential Theft Detected", "authentication"},
    {"Possible Social Engineering Attempted", "phishing"},
    {"Crypto Currency Mining Activity Detected", "malware"},
    {"Malware Command and Control Activity Detected", "malware"},
};

static const struct class words[] = {
    {"phish", "phishing"},
    {"social engineering", "phishing"},
    {"brute", "authentication"},
    {"login", "authentication"},
    {"logon", "authentication"},
    {"password", "authentication"},
    {"credential", "authentication"},
    {"authentication", "authentication"},
    {"malware", "malware"},
    {"trojan", "malware"},
    {"ransom", "malware"},
    {"command and control", "malware"},
    {"exfiltration", "data"},
    {"web application", "web"},
    {"web-application", "web"},
};

const char *hk_eve_category(const char *class_text)
{
    for (size_t i = 0; i < COUNT(classes); i++)
        if (strcasecmp(class_text, classes[i].text) == 0)
            return classes[i].category;
    for (size_t i = 0; i < COUNT(words); i++)
        if (strcasestr(class_text, words[i].text) != NULL)
            return words[i].category;
    return "network";
}
